"""Commands on what is set of a workspace: show it, change it, bring it back."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeVar

from cyclopts import App, Parameter

from answerable import answering, tenancy
from answerable.cli.output import Limit, print_json, print_table
from answerable.cli.runners import Runners
from answerable.cli.session import platform_actor, run_command
from answerable.infra.db import Db
from answerable.infra.installation import Installation
from answerable.tenancy import Channel, Configuration, Posture, SettingsVersion, Tenant
from answerable.tenancy.errors import PostureInvalid

Language = Literal["de", "en"]
AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print one JSON value.")]
Flag = Annotated[bool, Parameter(negative=())]
Several = Parameter(negative=(), consume_multiple=False)
Result = TypeVar("Result")

_INHERIT = "same"


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What `tenant set` changes; what is left out stays as it is."""

    name: str | None = None
    """Name as contacts see it."""
    language: Language | None = None
    """Its own language."""
    speaks: Annotated[list[Language] | None, Several] = None
    """A language that the assistant speaks to contacts; once for each."""
    answer_hours: int | None = None
    """Within how many hours people answer, 1 to 720."""
    posture: Annotated[list[str] | None, Several] = None
    """`auto`, `draft` or `off`; for one channel `web=draft`, and `web=same` to have it as everywhere."""
    threshold: float | None = None
    """From which probability on it answers, 0.51 to 0.99."""
    calibrated_threshold: Flag = False
    """Answer from the calibrated probability on."""
    origin: Annotated[list[str] | None, Several] = None
    """Address whose pages may show the widget; once for each, and these replace all others."""
    no_origins: Flag = False
    """Let no other page show the widget."""
    brand_colour: str | None = None
    """Colour of the widget, such as `#1f4b3f`."""


def register(tenant: App, runners: Runners) -> None:
    """Add these commands to the group of workspaces."""
    _register_looking(tenant, runners)
    _register_changing(tenant, runners)


def _register_looking(tenant: App, runners: Runners) -> None:
    @tenant.command
    def show(slug: str, *, json: AsJson = False) -> None:
        """Show what is set of a workspace."""
        found = _in_tenant(runners, slug, tenancy.get_tenant)
        if json:
            print_json(found)
        else:
            _print_tenant(found)

    @tenant.command
    def history(slug: str, *, limit: Limit = 20, json: AsJson = False) -> None:
        """List what was set of a workspace, newest first: who changed which fields, and when."""

        async def work(db: Db) -> list[SettingsVersion]:
            return await tenancy.list_versions(db, limit=limit)

        found = _in_tenant(runners, slug, work)
        if json:
            print_json(found)
        else:
            print_table(
                ["version", "when", "by", "changed", "brings back"],
                [
                    (
                        one.version,
                        one.changed_at,
                        one.actor_id or one.actor_kind,
                        _fields(one),
                        one.reverts_to,
                    )
                    for one in found
                ],
                empty="Nothing was ever set.",
            )


def _register_changing(tenant: App, runners: Runners) -> None:
    @tenant.command(name="set")
    def set_(slug: str, edit: Edit | None = None, *, json: AsJson = False) -> None:
        """Change what is set of a workspace; what is not named stays as it is."""

        async def work(db: Db) -> SettingsVersion:
            found = await tenancy.get_tenant(db)
            wanted = apply(edit or Edit(), tenancy.configuration_of(found))
            return await tenancy.change_settings(db, wanted, based_on=found.settings_version)

        _print_change(_in_tenant(runners, slug, work), as_json=json)

    @tenant.command
    def undo(slug: str, *, to: int, json: AsJson = False) -> None:
        """Bring back what a version had set, but for the widget's key.

        Args:
            slug: the workspace.
            to: the version, as `answerable tenant history` lists it.
            json: print one JSON value.
        """

        async def work(db: Db) -> SettingsVersion:
            return await tenancy.revert_settings(db, to=to)

        _print_change(_in_tenant(runners, slug, work), as_json=json)

    @tenant.command
    def renew_key(slug: str, *, undo: Flag = False, json: AsJson = False) -> None:
        """Give the widget a new key; pages with the old one lose the chat at once.

        Args:
            slug: the workspace.
            undo: bring back the key before, within a day of its change.
            json: print one JSON value.
        """
        work = tenancy.undo_public_key if undo else tenancy.rotate_public_key
        _print_change(_in_tenant(runners, slug, work), as_json=json)


def apply(edit: Edit, current: Configuration) -> Configuration:
    """The configuration with what was named.

    Errors:  PostureInvalid.
    """
    posture, channels = _read_postures(edit.posture or (), current)
    return replace(
        current,
        name=current.name if edit.name is None else edit.name,
        language=edit.language or current.language,
        languages=tuple(edit.speaks or current.languages),
        answer_hours=current.answer_hours if edit.answer_hours is None else edit.answer_hours,
        posture=posture,
        channel_postures=channels,
        threshold=None if edit.calibrated_threshold else _or(edit.threshold, current.threshold),
        widget_origins=() if edit.no_origins else tuple(edit.origin or current.widget_origins),
        brand_colour=edit.brand_colour or current.brand_colour,
    )


def _or(named: float | None, current: float | None) -> float | None:
    return current if named is None else named


def _read_postures(words: Sequence[str], current: Configuration) -> tuple[Posture, dict[Channel, Posture]]:
    posture, channels = current.posture, dict(current.channel_postures)
    for word in words:
        channel, _, value = word.rpartition("=")
        if channel not in {"", *Channel} or value not in {*Posture, *([_INHERIT] if channel else [])}:
            raise PostureInvalid
        if not channel:
            posture = Posture(value)
        elif value == _INHERIT:
            channels.pop(Channel(channel), None)
        else:
            channels[Channel(channel)] = Posture(value)
    return posture, channels


def _in_tenant(runners: Runners, slug: str, work: Callable[[Db], Awaitable[Result]]) -> Result:
    async def in_session(installation: Installation) -> Result:
        actor = await platform_actor(installation.database, slug)
        async with installation.database.tenant_session(actor) as db:
            return await work(db)

    return run_command(runners, in_session)


def _print_tenant(found: Tenant) -> None:
    calibrated = "calibrated" if found.threshold is None else "set here"
    rows: list[tuple[str, object]] = [
        ("name", found.name),
        ("language", found.language),
        ("speaks", ", ".join(found.languages)),
        ("people answer within", f"{found.answer_hours} hours"),
        ("posture", found.posture),
        *((f"posture in {one}", posture) for one, posture in found.channel_postures.items()),
        ("threshold", f"{answering.threshold_of(found):.3f} ({calibrated})"),
        ("widget's origins", "\n".join(found.widget_origins) or "none: it works on the playground only"),
        ("widget's colour", found.brand_colour),
        ("widget's key", found.public_key),
        ("version", found.settings_version),
    ]
    print_table(["setting", "value"], rows, empty="")


def _print_change(version: SettingsVersion, *, as_json: bool) -> None:
    if as_json:
        print_json(version)
    else:
        print(f"Version {version.version} holds: {_fields(version)}.")


def _fields(version: SettingsVersion) -> str:
    return ", ".join(one.value for one in version.changed) or "as created"
