"""The forms of the settings: what they were filled with, and the configuration that they ask for."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, Protocol, Self

from pydantic import BaseModel, Field

from answerable.infra.errors import AnswerableError
from answerable.tenancy import Channel, Configuration, Posture, SettingField
from answerable.tenancy.errors import (
    AnswerHoursInvalid,
    ColourInvalid,
    ColourTooLight,
    LanguagesInvalid,
    NameInvalid,
    OriginInvalid,
    PostureInvalid,
    ThresholdInvalid,
    TooManyOrigins,
)

FIELD_OF: Final[Mapping[type[AnswerableError], SettingField]] = MappingProxyType(
    {
        NameInvalid: SettingField.NAME,
        LanguagesInvalid: SettingField.LANGUAGES,
        AnswerHoursInvalid: SettingField.ANSWER_HOURS,
        PostureInvalid: SettingField.POSTURE,
        ThresholdInvalid: SettingField.THRESHOLD,
        OriginInvalid: SettingField.WIDGET_ORIGINS,
        TooManyOrigins: SettingField.WIDGET_ORIGINS,
        ColourInvalid: SettingField.BRAND_COLOUR,
        ColourTooLight: SettingField.BRAND_COLOUR,
    }
)
"""Beside which field a refusal stands."""

Line = Annotated[str, Field(max_length=1_000)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class SettingsForm(Protocol):
    """One page's form."""

    path: ClassVar[str]
    template: ClassVar[str]
    fields: ClassVar[tuple[SettingField, ...]]

    based_on: Version
    """The version that the form was filled from."""

    def apply(self, current: Configuration) -> Configuration:
        """The configuration with the form's fields as they were filled in.

        Errors:  those of a field that cannot be read.
        """
        ...

    def inputs(self) -> list[tuple[str, str]]:
        """Every field by name and value, to be sent once more."""
        ...


class _Form(BaseModel):
    based_on: Version

    def inputs(self) -> list[tuple[str, str]]:
        """Every field by name and value, to be sent once more."""
        given: dict[str, str | list[str]] = self.model_dump(exclude={"based_on"})
        return [
            (name, one)
            for name, value in given.items()
            for one in ([value] if isinstance(value, str) else value)
        ]


class WorkspaceForm(_Form):
    """Name, languages, and when people answer."""

    path: ClassVar[str] = "/settings"
    template: ClassVar[str] = "settings/workspace.html"
    fields: ClassVar[tuple[SettingField, ...]] = (
        SettingField.NAME,
        SettingField.LANGUAGES,
        SettingField.LANGUAGE,
        SettingField.ANSWER_HOURS,
    )

    name: Line = ""
    languages: Annotated[list[Line], Field(max_length=10)] = []
    language: Line = ""
    answer_hours: Line = ""

    @classmethod
    def of(cls, configuration: Configuration, *, version: int) -> Self:
        """The form as it is shown first."""
        return cls(
            based_on=version,
            name=configuration.name,
            languages=list(configuration.languages),
            language=configuration.language,
            answer_hours=str(configuration.answer_hours),
        )

    def apply(self, current: Configuration) -> Configuration:
        """The configuration with the form's fields as they were filled in.

        Errors:  AnswerHoursInvalid.
        """
        hours = self.answer_hours.strip()
        if not (hours.isascii() and hours.isdecimal() and len(hours) < 6):
            raise AnswerHoursInvalid
        return replace(
            current,
            name=self.name,
            languages=tuple(self.languages),
            language=self.language,
            answer_hours=int(hours),
        )


class WidgetForm(_Form):
    """Where the widget may stand and which colour it has."""

    path: ClassVar[str] = "/settings/widget"
    template: ClassVar[str] = "settings/widget.html"
    fields: ClassVar[tuple[SettingField, ...]] = (SettingField.WIDGET_ORIGINS, SettingField.BRAND_COLOUR)

    widget_origins: Annotated[str, Field(max_length=20_000)] = ""
    """A line each."""
    brand_colour: Line = ""

    @classmethod
    def of(cls, configuration: Configuration, *, version: int) -> Self:
        """The form as it is shown first."""
        return cls(
            based_on=version,
            widget_origins="\n".join(configuration.widget_origins),
            brand_colour=configuration.brand_colour,
        )

    def apply(self, current: Configuration) -> Configuration:
        """The configuration with the form's fields as they were filled in."""
        return replace(
            current,
            widget_origins=tuple(self.widget_origins.splitlines()),
            brand_colour=self.brand_colour,
        )


class AnsweringForm(_Form):
    """What the assistant may do by itself, and from which probability on."""

    path: ClassVar[str] = "/settings/answering"
    template: ClassVar[str] = "settings/answering.html"
    fields: ClassVar[tuple[SettingField, ...]] = (
        SettingField.POSTURE,
        SettingField.CHANNEL_POSTURES,
        SettingField.THRESHOLD,
    )

    posture: Line = ""
    posture_web: Line = ""
    """Empty where the channel has the workspace's."""
    posture_command_line: Line = ""
    posture_playground: Line = ""
    threshold_by: Line = ""
    """`calibrated` or `own`."""
    threshold: Line = ""

    @classmethod
    def of(cls, configuration: Configuration, *, version: int, calibrated: float) -> Self:
        """The form as it is shown first."""
        threshold = configuration.threshold
        return cls(
            based_on=version,
            posture=configuration.posture.value,
            posture_web=configuration.channel_postures.get(Channel.WEB, ""),
            posture_command_line=configuration.channel_postures.get(Channel.COMMAND_LINE, ""),
            posture_playground=configuration.channel_postures.get(Channel.PLAYGROUND, ""),
            threshold_by="calibrated" if threshold is None else "own",
            threshold=f"{calibrated if threshold is None else threshold:.3f}",
        )

    def apply(self, current: Configuration) -> Configuration:
        """The configuration with the form's fields as they were filled in.

        Errors:  PostureInvalid, ThresholdInvalid.
        """
        by_channel = {
            Channel.WEB: self.posture_web,
            Channel.COMMAND_LINE: self.posture_command_line,
            Channel.PLAYGROUND: self.posture_playground,
        }
        return replace(
            current,
            posture=_read_posture(self.posture),
            channel_postures={one: _read_posture(word) for one, word in by_channel.items() if word},
            threshold=read_threshold(self.threshold) if self.threshold_by == "own" else None,
        )


def read_threshold(written: str) -> float:
    """The number, with a point or a comma.

    Errors:  ThresholdInvalid.
    """
    try:
        return float(written.strip().replace(",", "."))
    except ValueError as error:
        raise ThresholdInvalid from error


def _read_posture(word: str) -> Posture:
    # Not by the enumeration, which reads what it does not know as off: here nobody meant that.
    if word not in set(Posture):
        raise PostureInvalid
    return Posture(word)
