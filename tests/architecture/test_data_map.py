"""Every table and column says what it holds: the data map, exports and erasures are made from that."""

import importlib
import pkgutil
import re
from functools import cache
from typing import Any

from sqlalchemy import Column, LargeBinary, Table

import answerable
from answerable.infra.tables import (
    Base,
    Category,
    Classification,
    Erasure,
    Export,
    Protection,
    Retention,
)

PERSONAL = re.compile(r"e?mail|phone|address|name|text|body|subject|question|answer|quote|secret|password")


@cache
def tables() -> tuple[Table, ...]:
    for module in pkgutil.walk_packages(answerable.__path__, "answerable."):
        if module.name.endswith(".models"):
            importlib.import_module(module.name)
    return tuple(sorted(Base.metadata.tables.values(), key=lambda table: table.name))


def columns() -> list[Column[Any]]:  # columns of every type
    return [column for table in tables() for column in table.columns]


def classification_of(column: Column[Any]) -> Classification:  # as above
    found = column.info["classification"]
    return Classification(
        category=Category(found["category"]),
        purpose=found["purpose"],
        protection=Protection(found["protection"]),
        retention=Retention(found["retention"]),
        export=Export(found["export"]),
        erasure=Erasure(found["erasure"]),
    )


def is_sealed(column: Column[Any]) -> bool:  # as above
    return classification_of(column).protection is Protection.SEALED


def name_of(column: Column[Any]) -> str:  # as above
    return f"{column.table.name}.{column.name}"


def test_there_are_tables() -> None:
    assert {"tenant", "message", "audit_event"} <= {table.name for table in tables()}


def test_every_table_says_what_it_holds() -> None:
    silent = [table.name for table in tables() if not (table.comment or "").endswith(".")]

    assert not silent


def test_every_column_says_what_it_holds() -> None:
    silent = [name_of(column) for column in columns() if not (column.comment or "").endswith(".")]

    assert not silent


def test_every_column_says_why_it_is_kept_and_how_it_ends() -> None:
    unclassified = [name_of(column) for column in columns() if "classification" not in column.info]

    assert not unclassified
    assert all(classification_of(column).purpose for column in columns())


def test_a_column_is_named_sealed_exactly_when_it_is() -> None:
    wrong = [
        name_of(column)
        for column in columns()
        if column.name.endswith("_sealed") != is_sealed(column)
        or (is_sealed(column) and not isinstance(column.type, LargeBinary))
    ]

    assert not wrong


def test_content_and_identities_are_never_stored_in_clear() -> None:
    clear = [
        name_of(column)
        for column in columns()
        if classification_of(column).category in {Category.CONTENT, Category.IDENTITY}
        and classification_of(column).protection not in {Protection.SEALED, Protection.TOKEN}
    ]

    assert not clear


def test_what_is_sealed_reaches_its_person_and_ends_with_its_key() -> None:
    wrong = [
        name_of(column)
        for column in columns()
        if is_sealed(column)
        and (classification_of(column).export, classification_of(column).erasure)
        != (Export.OPENED, Erasure.KEY)
    ]

    assert not wrong


def test_a_column_that_sounds_personal_is_no_mere_bookkeeping() -> None:
    suspicious = [
        name_of(column)
        for column in columns()
        if any(PERSONAL.fullmatch(part) for part in column.name.split("_"))
        # An identifier, a time or a kind of something personal is not personal itself.
        and not column.name.endswith(("_id", "_at", "_kind", "_version"))
        and classification_of(column).category is Category.OPERATION
    ]

    assert not suspicious
