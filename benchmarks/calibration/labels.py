"""The labelled questions and their two halves: one for fitting, one held out; and the fresh ones.

Questions about one document stay together, and so do documents on one topic in two languages.
Fresh questions are about the held-out half's documents and are not to be fitted on or tuned by.
"""

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

QUESTIONS = Path(__file__).with_name("questions.jsonl")
FRESH = Path(__file__).with_name("fresh.jsonl")
"""Frozen before it was first asked; README.md has its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A question with the sentences that answer it."""

    id: str
    question: str
    language: str
    answerable: bool
    near_miss: bool
    """Unanswerable, but of the shop's own field."""
    document: str | None
    """The file it is about; None for what has nothing to do with the shop."""
    answer: str | None
    also: tuple[str, ...]
    """Other sentences that answer, in either language."""

    @property
    def topic(self) -> str:
        """What stays in one half and in one fold."""
        return self.document.split(".")[0] if self.document else self.id

    @property
    def crosses(self) -> bool:
        """Whether the answer stands in the other language."""
        return self.document is not None and f".{self.language}." not in self.document

    def is_answered_by(self, sentences: tuple[str, ...]) -> bool:
        """Whether one of the sentences answers."""
        return self.answerable and any(one == self.answer or one in self.also for one in sentences)


@cache
def load_questions() -> tuple[Labelled, ...]:
    """The questions of both halves, in the order of the file."""
    return _read(QUESTIONS)


@cache
def load_fresh() -> tuple[Labelled, ...]:
    """The fresh questions, in the order of the file."""
    return _read(FRESH)


def _read(path: Path) -> tuple[Labelled, ...]:
    return tuple(_read_line(line) for line in path.read_text("utf-8").splitlines())


def _read_line(line: str) -> Labelled:
    row = json.loads(line)
    also = tuple(row.pop("also"))
    return Labelled(**row, also=also)


def is_for_tuning(question: Labelled) -> bool:
    """Which half a question belongs to: every other topic in the order of their digests."""
    return question.topic in _tuning_topics()


@cache
def _tuning_topics() -> frozenset[str]:
    # Topics of documents and of off-topic questions are halved separately, so that both halves have as many.
    about = {one.topic for one in load_questions() if one.document}
    beside = {one.topic for one in load_questions() if not one.document}
    return frozenset(_every_other(about) + _every_other(beside))


def _every_other(topics: set[str]) -> list[str]:
    return sorted(topics, key=lambda topic: sha256(topic.encode()).hexdigest())[::2]
