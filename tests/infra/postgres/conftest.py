"""Homes with a data folder, and processes that share its server."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from answerable.infra.errors import AnswerableError
from answerable.infra.home import find_home
from answerable.infra.postgres import Server, Tuning, delete_database, running_server
from answerable.infra.postgres.place import Place, find_place
from answerable.infra.postgres.postmaster import stop_postmaster
from answerable.infra.settings import Settings
from infra.postgres.children import Child, StartChild


@pytest.fixture(scope="session")
def make_home() -> Iterator[Callable[[], Path]]:
    homes: list[Path] = []

    def make() -> Path:
        # Not below pytest's own folder, whose path is too long for a unix socket.
        homes.append(Path(tempfile.mkdtemp(prefix="home-")))
        return homes[-1]

    yield make
    for home in homes:
        with suppress(AnswerableError):
            delete_database(Settings(home=home))
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def new_home(make_home: Callable[[], Path]) -> Path:
    return make_home()


@pytest.fixture(scope="session")
def shared_home(make_home: Callable[[], Path]) -> Path:
    home = make_home()
    with running_server(Settings(home=home), tuning=Tuning.THROWAWAY):
        pass
    return home


@pytest.fixture
def home(shared_home: Path) -> Path:
    """A home whose data folder is made and whose server does not run, whatever tests before left running."""
    found = find_place(find_home(Settings(home=shared_home)))
    assert found is not None
    stop_postmaster(found.data)
    return shared_home


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    with running_server(Settings(home=home), tuning=Tuning.THROWAWAY) as server:
        yield server


@pytest.fixture
def place(home: Path) -> Place:
    found = find_place(find_home(Settings(home=home)))
    assert found is not None
    return found


@pytest.fixture
def start_child() -> Iterator[StartChild]:
    children: list[Child] = []

    def start(home: Path, uid: int | None = None) -> Child:
        children.append(Child.start(home, uid))
        return children[-1]

    yield start
    for child in children:
        child.end()
