"""The drill itself: every attack on a log is caught, and by the finding that is expected for it."""

import pytest
from filelock import FileLock

from answerable.drill import run_drill
from answerable.drill.attacks import ATTACKS
from answerable.drill.errors import DrillRunning
from answerable.drill.running import FORBIDDEN
from answerable.drill.scene import alone, list_leftovers
from answerable.infra.installation import Installation
from factories.serving import Place

NUMBERS = ["0", *(one.number for one in ATTACKS), *FORBIDDEN, "22"]


@pytest.fixture
def installation(place: Place) -> Installation:
    return Installation(settings=place.settings, server=place.server, database=place.database, embedder=None)


async def test_every_attack_is_caught_by_what_is_expected(installation: Installation) -> None:
    # Once for all attacks, and with a lock: another process may be at a drill of its own on this server.
    with FileLock(installation.settings.home / "drill.lock"):
        attempts = await run_drill(installation, lambda _line: None)
        left = list_leftovers(installation)
        with alone(installation), pytest.raises(DrillRunning):
            await run_drill(installation, lambda _line: None)

    assert [one.number for one in attempts] == NUMBERS
    assert len(NUMBERS) >= 18
    assert [one for one in attempts if not one.caught or one.finding != one.expected] == []
    assert left == []
