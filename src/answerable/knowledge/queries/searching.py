"""SQL of search: passages for a question, and which of its words stand in which texts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from pgvector.sqlalchemy import VECTOR
from sqlalchemy import Integer, RowMapping, Text, TextClause, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from answerable.infra.db import Db
from answerable.knowledge.models import DIMENSIONS
from answerable.knowledge.values import Language, Term

# Without the first the index gives up after as many rows as the second says, those of other tenants included;
# below 100 it missed one in seventy of the ten nearest.
_TUNE = text(
    "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What search is asked: words, and a vector with the name of what made it, if there is one."""

    question: str
    vector: Any | None  # numpy's array
    model: str | None
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTerm:
    """A word of a question with the numbers that it may have in a passage."""

    numbers: tuple[int, ...]
    term: Term


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The words of a question and the rows of the passages found, best first."""

    terms: tuple[AskedTerm, ...]
    rows: tuple[RowMapping, ...]
    background: Mapping[Language, float]


async def search_passages(db: Db, asked: Asked) -> Found:
    """Return the passages nearest to a question, by meaning and by words, valid on the session's day."""
    if asked.vector is not None:
        await db.execute(_TUNE)
    parameters = {
        "tenant": db.actor.tenant_id,
        "question": asked.question,
        "embedding": asked.vector,
        "model": asked.model if asked.vector is not None else None,
        "today": db.now.date(),
        "passages": asked.limit,
    }
    rows = (await db.execute(search_statement(), parameters)).mappings().all()
    terms = tuple(
        AskedTerm(
            numbers=tuple(one["numbers"]),
            term=Term(weight=one["weight"], passages=one["passages"], stems=tuple(one["stems"])),
        )
        for one in rows[0]["terms"]
    )
    levels: Mapping[str, float] = rows[0]["background"] or {}
    return Found(
        terms=terms,
        rows=tuple(row for row in rows if row["passage_id"] is not None),
        background={Language(language): float(level) for language, level in levels.items()},
    )


async def match_terms(
    db: Db, texts: Sequence[tuple[str, str]], terms: Sequence[AskedTerm]
) -> dict[int, frozenset[int]]:
    """Return which terms stand in which texts, both by position; `texts` are pairs of text and language."""
    numbered = [(number, place) for place, term in enumerate(terms) for number in term.numbers]
    if not texts or not numbered:
        return {}
    parameters = {
        "texts": [body for body, _ in texts],
        "languages": [language for _, language in texts],
        "numbers": [number for number, _ in numbered],
        "terms": [place for _, place in numbered],
    }
    rows = await db.execute(_match_statement(), parameters)
    return {row.place - 1: frozenset(row.terms) for row in rows}


@cache
def search_statement() -> TextClause:
    """The search; its tenant is rendered into the SQL, by the type of identifiers, for the planner to see."""
    return _load("search_passages").bindparams(
        bindparam("tenant", type_=Uuid(), literal_execute=True),
        bindparam("embedding", type_=VECTOR(DIMENSIONS)),
    )


@cache
def _match_statement() -> TextClause:
    return _load("match_terms").bindparams(
        bindparam("texts", type_=ARRAY(Text)),
        bindparam("languages", type_=ARRAY(Text)),
        bindparam("numbers", type_=ARRAY(Integer)),
        bindparam("terms", type_=ARRAY(Integer)),
    )


def _load(name: str) -> TextClause:
    sql = resources.files("answerable.knowledge.queries").joinpath(f"{name}.sql").read_text("utf-8")
    # Comments name the parameters, which must not be taken for them.
    return text("\n".join(line for line in sql.split("\n") if not line.startswith("--")))
