"""Commands on a workspace's log: read it, verify it, take it away, go on after a loss."""

import json as json_format
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from cyclopts import App, Parameter

from answerable import audit, tenancy
from answerable.audit import reading, recovering, signed
from answerable.audit.archive import Exported
from answerable.audit.errors import EventNotFound
from answerable.audit.heads import Head
from answerable.audit.posting import poster
from answerable.audit.timestamps import read_roots
from answerable.audit.verifying import Asked, Assurance, Report
from answerable.audit.vouching import assess
from answerable.cli import streams
from answerable.cli.errors import FolderNotEmpty
from answerable.cli.installation import AsJson
from answerable.cli.output import Limit, print_json, print_table, say
from answerable.cli.runners import DrillAttempt, Runners
from answerable.cli.session import log_actor, platform_actor, run_command
from answerable.infra import roles
from answerable.infra.db import Db
from answerable.infra.ids import Actor
from answerable.infra.installation import Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """An entry with its proof, and who vouches for that."""

    entry: reading.Entry
    proof: str | None
    level: Assurance


def register(app: App, runners: Runners) -> None:
    """Add these commands."""
    log = App(name="audit", help="Read, verify and take away a workspace's log.")
    app.command(log)
    _register_reading(log, runners)
    _register_verifying(log, runners)
    _register_export(log, runners)
    streams.register(log, runners)
    _register_recovering(log, runners)
    drill = App(name="drill", help="Rehearse what nobody hopes for.")
    app.command(drill)
    _register_drill(drill, runners)


def _register_reading(log: App, runners: Runners) -> None:
    @log.command
    def tail(tenant: str, *, limit: Limit = 20, json: AsJson = False) -> None:
        """Show the newest events of a workspace's log, newest first; the look is an event too, once a minute."""

        async def work(installation: Installation) -> list[audit.StoredEvent]:
            async with _session(installation, tenant) as db:
                return await reading.read_newest(db, limit=limit)

        found = run_command(runners, work)
        if json:
            print_json([one.body for one in found])
        else:
            print_table(
                ["when", "event", "by", "about", "id"],
                [(one.at, one.type, one.actor_kind, one.subject_kind, one.subject_id) for one in found],
                empty="The log is empty.",
            )

    @log.command
    def show(
        tenant: str,
        which: str,
        *,
        proof: Annotated[bool, Parameter(negative=())] = False,
        json: AsJson = False,
    ) -> None:
        """Show one entry of a workspace's log; the look is an event too.

        Args:
            which: its place, from 0, or the event's identifier.
            proof: print the proof that it stands in the log, in the format c2sp.org/tlog-proof@v1, and
                nothing else.
            json: print one JSON value.
        """

        async def work(installation: Installation) -> _Shown:
            above = installation.database.tenant_session(audit.ROOT_READER)
            async with _session(installation, tenant) as db, above as root:
                entry = await _find_entry(db, which)
                head = await signed.find_head(db, covering=entry.index)
                is_covered = head is not None and entry.index is not None and entry.index < head.size
                proved = await reading.prove_entry(db, entry.index, head) if head and is_covered else None
                level = (await assess(db, root, head)).level if head and proved else Assurance.NONE
                await reading.note_query(db, f"show {which}", returned=1)
                return _Shown(entry=entry, proof=proved.decode() if proved else None, level=level)

        _print_entry(run_command(runners, work), proof=proof, as_json=json)


def _register_verifying(log: App, runners: Runners) -> None:
    @log.command
    def verify(  # noqa: PLR0913 - each is an option of its own
        tenant: str,
        *,
        pinned: Path | None = None,
        policy: Path | None = None,
        require: Assurance = Assurance.SIGNED,
        max_age: Annotated[int | None, Parameter(name="--max-age")] = None,
        open: Annotated[bool, Parameter(name="--open", negative=())] = False,  # noqa: A002 - the option's name
        json: AsJson = False,
    ) -> int:
        """Verify a workspace's whole log; ends with 0, 10, 20, 30, 40 or 41 as the stand-alone verifier does.

        Args:
            tenant: the workspace.
            pinned: a checkpoint that you kept from before: the log must continue it.
            policy: whose cosignatures you believe, a file of the format c2sp.org/tlog-policy.
            require: who must vouch for it.
            max_age: how old the newest signed head may be, in seconds.
            open: also open every sealed value, to see that it is what its entry commits to; nothing is shown.
            json: print one JSON value.
        """
        asked = Asked(
            pinned=pinned.read_bytes() if pinned else None,
            policy=policy.read_bytes() if policy else None,
            require=require,
            max_age_s=max_age,
            opens=open,
        )

        async def work(installation: Installation) -> Report:
            actor = await platform_actor(installation.database, tenant)
            await _settle(installation, actor)
            head, roots = await _signed_last(installation, actor), installation.settings.timestamp_roots
            certificates = read_roots(roots) if roots else ()
            above = installation.database.tenant_session(audit.ROOT_READER)
            async with _session(installation, tenant) as db, above as root:
                whole = replace(asked, signer_head=head, root=root, certificates=certificates)
                return await audit.verify_and_record(db, whole, progress=_tell_progress)

        report = run_command(runners, work)
        _print_report(report, as_json=json)
        return int(report.exit)


def _register_export(log: App, runners: Runners) -> None:
    @log.command
    def export(
        tenant: str, *, output: Annotated[Path, Parameter(name=["--output", "-o"])], json: AsJson = False
    ) -> None:
        """Write a workspace's whole log to a folder, or to one file that ends with .zip, with its verifier.

        Args:
            tenant: the workspace.
            output: a folder that is empty or not there yet, or a file that ends with .zip.
            json: print one JSON value.
        """
        if output.exists() and (not output.is_dir() or any(output.iterdir())):
            raise FolderNotEmpty(str(output))

        async def work(installation: Installation) -> Exported:
            actor = await platform_actor(installation.database, tenant)
            await _settle(installation, actor)
            await audit.push_heads(installation.database, actor, poster(installation.settings.private_sites))
            with tempfile.TemporaryDirectory(dir=output.absolute().parent, prefix=".export-") as folder:
                above = installation.database.tenant_session(audit.ROOT_READER)
                async with _session(installation, tenant) as db, above as root:
                    exported = await audit.export(db, root, Path(folder) / "log", progress=_tell_progress)
                _move(Path(folder) / "log", output)
            return exported

        exported = run_command(runners, work)
        if json:
            print_json(exported)
        else:
            print(f"{exported.leaves} entries of {exported.origin} are in {output}.")
            print(_how_to_verify(output))


def _how_to_verify(output: Path) -> str:
    if output.suffix == ".zip":
        return "Verify them: drop the file on verifier/verify.html, or unpack it and run the verifier in it."
    return f"Verify them with: python3 -I verifier/answerable_verify.py {output}"


def _register_recovering(log: App, runners: Runners) -> None:
    @log.command
    def recover(tenant: str, *, yes: Annotated[bool, Parameter(negative=())] = False) -> None:
        """Declare that a log lost entries, such as after an old backup was restored, and let it go on.

        The signer must be stopped. The log goes on under a new name; whoever kept a checkpoint of before sees
        the loss, and an entry says that it was declared.

        Args:
            tenant: the workspace, or @root for the log over all logs of this installation.
            yes: do it; without this the command only says what it would do.
        """
        if not yes:
            print("This cannot be taken back. Run `answerable audit verify` first, then add --yes.")
            return

        async def work(installation: Installation) -> int:
            actor = await log_actor(installation.database, tenant)
            async with installation.database.tenant_session(actor) as db:
                return await recovering.recover(db, installation.settings.signer)

        print(f"Declared. The log goes on as generation {run_command(runners, work)}.")


def _register_drill(drill: App, runners: Runners) -> None:
    @drill.command
    def tamper(*, json: AsJson = False) -> int:
        """Attack copies of a log in every way that is listed, and show by which finding each was caught."""

        async def work(installation: Installation) -> list[DrillAttempt]:
            return await runners.drill(installation, say)

        attempts = run_command(runners, work)
        if json:
            print_json({"attacks": attempts})
        else:
            print_table(
                ["", "attack", "expected", "found", "caught", "detail"],
                [
                    (
                        one.number,
                        one.name,
                        one.expected,
                        one.finding,
                        "yes" if one.caught else "NO",
                        one.detail,
                    )
                    for one in attempts
                ],
                empty="Nothing was tried.",
            )
        return int(not all(one.caught for one in attempts))


@asynccontextmanager
async def _session(installation: Installation, tenant: str) -> AsyncGenerator[Db]:
    actor = await platform_actor(installation.database, tenant)
    async with installation.database.tenant_session(actor) as db:
        tenancy.require(db.actor, tenancy.Permission.VIEW_LOG)
        yield db


async def _settle(installation: Installation, actor: Actor) -> None:
    async with (
        installation.service(roles.SEQUENCER) as sequencer,
        installation.service(roles.SIGNER) as signer,
        installation.database.tenant_session(actor) as db,
    ):
        await audit.settle(db, sequencer, signer, installation.settings.signer)


async def _signed_last(installation: Installation, actor: Actor) -> Head | None:
    """What the signer itself says; nothing where its folder is another's or it works at this moment."""
    async with audit.open_signer(installation.settings.signer) as signer:
        return signer.heads.newest().get(actor.tenant_id) if signer else None


def _move(folder: Path, output: Path) -> None:
    """Put what is whole in its place at once, so that a half export is never taken for one."""
    if output.suffix == ".zip":
        made = shutil.make_archive(str(folder), "zip", folder)
        Path(made).replace(output)
        return
    if output.is_dir():
        output.rmdir()
    folder.replace(output)


async def _find_entry(db: Db, which: str) -> reading.Entry:
    """The entry of a place, or of an event's identifier.

    Errors:  EventNotFound.
    """
    if which.isdecimal() and len(which) < 19:
        found = await reading.list_entries(db, reading.Wanted(), after=int(which) - 1, limit=1)
        if found and found[0].index == int(which):
            return found[0]
        raise EventNotFound
    try:
        event_id = UUID(which)
    except ValueError as error:
        raise EventNotFound from error
    return await reading.get_entry(db, audit.EventId(event_id))


def _tell_progress(done: int, whole: int) -> None:
    if whole > 20_000 and sys.stderr.isatty():
        print(
            f"\r{done:,} of {whole:,} entries", end="" if done < whole else "\n", file=sys.stderr, flush=True
        )
    elif whole > 20_000 and done == whole:
        say(f"{whole:,} entries")


def _print_entry(shown: _Shown, *, proof: bool, as_json: bool) -> None:
    entry, proved = shown.entry, shown.proof
    if proof:
        print(proved or "No signed head covers it yet; try again in a moment.", end="" if proved else "\n")
        return
    body: Any = json_format.loads(entry.body)
    if as_json:
        leaf = entry.event.leaf_hash.hex()
        print_json(
            {"index": entry.index, "leaf": leaf, "body": body, "proof": proved, "assurance": shown.level}
        )
        return
    place = "waits for its place" if entry.index is None else f"entry {entry.index}"
    state = f"in a signed head (level: {shown.level})" if proved else "in no signed head yet"
    print(f"{entry.event.type}, {entry.event.at:%Y-%m-%d %H:%M:%S}, {place}, {state}")
    print(f"leaf {entry.event.leaf_hash.hex()}")
    print(json_format.dumps(body, indent=2, ensure_ascii=False))


def _print_report(report: Report, *, as_json: bool) -> None:
    if as_json:
        print_json({"valid": report.valid, "exit": int(report.exit), **asdict(report)})
        return
    words = {
        0: "VERIFIED",
        10: "VERIFIED, WITH ERASURES",
        20: "NOT WITNESSED",
        30: "INCOMPLETE",
        41: "FORKED",
    }
    print(f"{report.assurance}  {words.get(int(report.exit), 'INVALID')}")
    print(f"  {report.leaves:,} entries, {report.waiting:,} waiting, {report.checkpoints:,} signed heads")
    print(f"  {report.receipts:,} receipts; sealed values: " + _counts(report))
    print(f"  origin {report.origin}\n  root   {report.root}, signed {report.signed_at}")
    for one in report.findings:
        place = f" at entry {one.leaf}" if one.leaf is not None else ""
        print(f"finding  {one.finding.value}{place}: {one.detail}")
    for line in report.not_checked:
        print(f"not checked  {line}")


def _counts(report: Report) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in sorted(report.slots.items())) or "none"
