"""What is set of a tenant: what is allowed, how two changes meet, how a version is written down. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

from answerable.tenancy.colours import check_brand_colour
from answerable.tenancy.errors import (
    AnswerHoursInvalid,
    KeyNotUndoable,
    LanguagesInvalid,
    SettingsConflict,
    ThresholdInvalid,
)
from answerable.tenancy.origins import check_origins
from answerable.tenancy.rules import check_name
from answerable.tenancy.values import (
    LANGUAGES,
    Channel,
    Configuration,
    Posture,
    SettingField,
    SettingsVersion,
    Tenant,
)

LEAST_THRESHOLD: Final = 0.51
"""Evidence that lacks something asked for has a probability of at most 0.5: no threshold lets it pass."""

MOST_THRESHOLD: Final = 0.99
MOST_HOURS: Final = 720
KEY_UNDO: Final = timedelta(hours=24)
"""So long after a change of the widget's key the old one can be brought back."""


def configuration_of(tenant: Tenant) -> Configuration:
    """What is set of a tenant."""
    return Configuration(**{one.name: getattr(tenant, one.name) for one in fields(Configuration)})


def check_configuration(wanted: Configuration) -> Configuration:
    """The configuration with every value in its one spelling.

    Errors:  NameInvalid, LanguagesInvalid, AnswerHoursInvalid, ThresholdInvalid, OriginInvalid, TooManyOrigins,
             ColourInvalid, ColourTooLight.
    """
    languages = tuple(one for one in LANGUAGES if one in wanted.languages)
    if not languages or set(wanted.languages) - set(LANGUAGES) or wanted.language not in languages:
        raise LanguagesInvalid
    if not 1 <= wanted.answer_hours <= MOST_HOURS:
        raise AnswerHoursInvalid
    return replace(
        wanted,
        name=check_name(wanted.name),
        languages=languages,
        widget_origins=check_origins(wanted.widget_origins),
        brand_colour=check_brand_colour(wanted.brand_colour),
        threshold=None if wanted.threshold is None else _check_threshold(wanted.threshold),
        channel_postures={
            one: wanted.channel_postures[one] for one in Channel if one in wanted.channel_postures
        },
    )


def changed_fields(before: Configuration, after: Configuration) -> tuple[SettingField, ...]:
    """In which fields two configurations differ."""
    return tuple(one for one in SettingField if getattr(before, one.value) != getattr(after, one.value))


def merge(base: Configuration, current: Configuration, wanted: Configuration) -> Configuration:
    """Bring the edit that made `wanted` of `base` to what is current, when nobody else touched its fields.

    Errors:  SettingsConflict, when a field of the edit has another value by now.
    """
    edited = changed_fields(base, wanted)
    meanwhile = frozenset(changed_fields(base, current)) & frozenset(changed_fields(current, wanted))
    clashing = [one for one in edited if one in meanwhile]
    if clashing:
        raise SettingsConflict(", ".join(f"`{one.value}`" for one in clashing) + ".")
    return replace(current, **{one.value: getattr(wanted, one.value) for one in edited})


def revert_to(current: Configuration, past: Configuration) -> Configuration:
    """A past configuration under the present key: a key was replaced for a reason that may still hold."""
    return replace(past, public_key=current.public_key)


def key_before(versions: Sequence[SettingsVersion], *, now: datetime) -> str:
    """The widget's key before its last change, while that may be undone.

    `versions` begin with the newest.

    Errors:  KeyNotUndoable.
    """
    for later, earlier in pairwise(versions):
        if SettingField.PUBLIC_KEY in later.changed and now <= later.changed_at + KEY_UNDO:
            return earlier.configuration.public_key
    raise KeyNotUndoable


def key_undo_until(versions: Sequence[SettingsVersion], *, now: datetime) -> datetime | None:
    """Until when the last change of the widget's key can be undone; None when it cannot."""
    ends = (one.changed_at + KEY_UNDO for one in versions if SettingField.PUBLIC_KEY in one.changed)
    return next((end for end in ends if now <= end), None)


def write_configuration(configuration: Configuration) -> str:
    """The one text of a configuration; its digest stands in the log."""
    values = {one.name: getattr(configuration, one.name) for one in fields(Configuration)}
    return json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest_of(text: str) -> bytes:
    """What the log says of a version's text."""
    return sha256(text.encode()).digest()


def read_configuration(text: str, *, present: Configuration) -> Configuration:
    """The configuration that was written; what could not be set then is as it is now."""
    written: Mapping[str, Any] = json.loads(text)  # of our own making, or the migration's
    known = {one.name: written[one.name] for one in fields(Configuration) if one.name in written}
    readers = {name: read for name, read in _READERS.items() if name in known}
    return replace(present, **known | {name: read(known[name]) for name, read in readers.items()})


def _read_postures(written: Mapping[str, str]) -> dict[Channel, Posture]:
    return {one: Posture(written[one]) for one in Channel if one in written}


_READERS = {
    "posture": Posture,
    "languages": tuple,
    "widget_origins": tuple,
    "channel_postures": _read_postures,
}


def _check_threshold(threshold: float) -> float:
    # Not a comparison of the reverse: that would let through what is no number.
    if not LEAST_THRESHOLD <= threshold <= MOST_THRESHOLD:
        raise ThresholdInvalid
    return round(threshold, 3)
