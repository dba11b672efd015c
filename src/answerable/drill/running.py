"""Runs every attack on a clone of its own, and says whether it was caught by what was expected."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from answerable import audit
from answerable.audit.verifying import Asked, Exit, SlotState
from answerable.drill.attacks import ATTACKS, Attack
from answerable.drill.scene import PREFIX, Place, Scene, alone, clone, drop, list_leftovers, make_scene
from answerable.infra.installation import Installation

REFUSED: Final = "refused"
ONE_ENTRY: Final = "one_entry"
ERASED: Final = "erased"

FORBIDDEN: Final = {
    "20b": ("empty the log as the application", "TRUNCATE audit_event CASCADE"),
    "20c": ("switch triggers off as the application", "ALTER TABLE audit_event DISABLE TRIGGER ALL"),
    "20d": ("pass triggers by as the application", "SET session_replication_role = replica"),
    "20e": ("change an entry as the application", "UPDATE audit_event SET type = 'x'"),
    "20f": ("add a leaf as the application", "INSERT INTO audit_leaf SELECT * FROM audit_leaf"),
}
RETRIES: Final = 8

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attack and what came of it."""

    number: str
    name: str
    expected: str
    finding: str | None
    """The expected finding if it is among those that were made, else the first of them."""

    caught: bool
    detail: str


async def run_drill(installation: Installation, tell: Say) -> list[Attempt]:
    """Attack copies of a log in every way that is listed.

    Errors:  DrillRunning.
    Effects: databases beside the product's, and a folder, all of which are gone afterwards; what an earlier
             drill that was killed has left is cleared away first.
    """
    with alone(installation):
        return await _run(installation, tell)


async def _run(installation: Installation, tell: Say) -> list[Attempt]:
    for name in await asyncio.to_thread(list_leftovers, installation):
        await asyncio.to_thread(drop, installation, name)
    with tempfile.TemporaryDirectory(prefix="answerable-drill-") as folder:
        place = Place(
            installation=installation,
            name=PREFIX + uuid4().hex,
            keys=Path(folder) / "keys",
            signer=Path(folder) / "signer",
        )
        try:
            tell("Making a log to attack …")
            scene = await make_scene(place)
            return await _attack_all(scene, Path(folder), tell)
        finally:
            await asyncio.to_thread(drop, installation, place.name)


async def _attack_all(scene: Scene, folder: Path, tell: Say) -> list[Attempt]:
    attempts = [await _prove_calm(scene, folder)]
    for attack in ATTACKS:
        tell(f"{attack.number}: {attack.name}")
        attempts.append(await _try(scene, folder, attack))
    tell("What the application may not do …")
    async with _Copy(scene, folder) as place:
        attempts += [await _try_forbidden(place, scene, number) for number in FORBIDDEN]
    async with _Copy(scene, folder) as place:
        attempts.append(await _try_retries(place, scene))
    return attempts


class _Copy:
    """A clone of the scene, dropped afterwards."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self._scene = scene
        self._folder = folder / uuid4().hex
        self._place: Place | None = None

    async def __aenter__(self) -> Place:
        shutil.copytree(self._scene.place.signer, self._folder)
        self._place = await asyncio.to_thread(clone, self._scene.place, self._folder)
        return self._place

    async def __aexit__(self, *_error: object) -> None:
        assert self._place is not None
        await asyncio.to_thread(drop, self._scene.place.installation, self._place.name)


async def _try(scene: Scene, folder: Path, attack: Attack) -> Attempt:
    async with _Copy(scene, folder) as place:
        asked = await attack.act(place, scene)
        report = await place.verify(scene.actor, asked)
    found = [one for one in report.findings if one.finding is attack.expected] or list(report.findings)
    return Attempt(
        number=attack.number,
        name=attack.name,
        expected=attack.expected.value,
        finding=found[0].finding.value if found else None,
        caught=bool(found) and found[0].finding is attack.expected and not report.valid,
        detail=found[0].detail if found else "nothing was found",
    )


async def _prove_calm(scene: Scene, folder: Path) -> Attempt:
    """Nobody touched this one: a person was erased as it should be, and nothing is missing."""
    async with _Copy(scene, folder) as place:
        report = await place.verify(scene.actor, Asked(pinned=scene.pinned, opens=True))
    erased = report.slots.get(SlotState.ERASED, 0)
    is_calm = report.exit is Exit.WITH_ERASURES and not report.findings
    return Attempt(
        number="0",
        name="erase a person as it should be",
        expected=ERASED,
        finding=ERASED if is_calm and erased else next((one.finding.value for one in report.findings), None),
        caught=is_calm and erased > 0,
        detail=f"{erased} values erased, none missing, of {report.leaves} entries",
    )


async def _try_forbidden(place: Place, scene: Scene, number: str) -> Attempt:
    name, statement = FORBIDDEN[number]
    said = "it was done"
    try:
        async with place.database() as database, database.tenant_session(scene.actor) as db:
            await db.execute(text(statement))
    except DBAPIError as error:
        said = type(error.orig).__name__
    is_refused = said == "InsufficientPrivilege"
    return Attempt(
        number=number,
        name=name,
        expected=REFUSED,
        finding=REFUSED if is_refused else None,
        caught=is_refused,
        detail=said,
    )


async def _try_retries(place: Place, scene: Scene) -> Attempt:
    """The same event, sent again and again at once, is one entry."""
    async with place.database() as database:

        async def append() -> None:
            async with database.tenant_session(scene.actor) as db:
                event = audit.LogQueried(subject_id=scene.actor.tenant_id, returned=4_711)
                (event_id,) = await audit.append(db, event, idem_key="drill")
                db.mark_recorded(event_id)

        await asyncio.gather(*(append() for _ in range(RETRIES)), return_exceptions=True)
        await place.publish()
    report = await place.verify(scene.actor, Asked())
    ((count,),) = [
        row.values()
        for row in place.run(
            "SELECT count(*) FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id"
            " AND e.tenant_id = l.tenant_id WHERE e.idem_key = 'drill'"
        )
    ]
    is_one = count == 1 and report.valid
    return Attempt(
        number="22",
        name="a storm of retries",
        expected=ONE_ENTRY,
        finding=ONE_ENTRY if is_one else None,
        caught=is_one,
        detail=f"{RETRIES} times at once, {count} entry",
    )
