"""A process that uses the embedded server of a home until its input ends; with a user id, as that user.

Everything is imported before the user is changed, since an ordinary user may not be able to read the interpreter.
"""

import codecs
import importlib
import os
import sys
from pathlib import Path

import psycopg

from answerable.infra.postgres import Tuning, running_server
from answerable.infra.postgres.postmaster import find_postmaster
from answerable.infra.settings import Settings

LOADED_LATE = (
    *(codecs.lookup(name) for name in ("ascii", "idna", "latin-1")),
    importlib.import_module("psycopg_binary"),
    importlib.import_module("psutil._psposix"),
    importlib.import_module("traceback"),
)


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def use_server(home: Path) -> None:
    with running_server(Settings(home=home), tuning=Tuning.THROWAWAY) as server:
        with psycopg.connect(server.conninfo()) as connection:
            row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        assert row is not None
        postmaster = find_postmaster(Path(row[0]))
        assert postmaster is not None
        say("ready", postmaster.process.pid)
        sys.stdin.read()
    say("left")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        user = int(sys.argv[2])
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    use_server(Path(sys.argv[1]))
