"""From a contact's message to a reply or a handoff, with the whole record of how it came about."""

from answerable.answering.citations import list_cited, open_citation
from answerable.answering.citing import count_citations, list_citing, list_quoted_spans
from answerable.answering.gaps import QuestionState
from answerable.answering.inspecting import Inspection, inspect, list_turn_heads
from answerable.answering.questions import get_question, list_unanswered, mark_question
from answerable.answering.service import (
    Desk,
    accept,
    answer,
    apply,
    export_record,
    give_up,
    list_turns,
    load_turn,
    threshold_of,
    view_record,
)
from answerable.answering.summaries import list_outcomes, summarise_turns
from answerable.answering.trying import TriedQuestion, find_last_turn, list_tried, try_out
from answerable.answering.values import EVENTS, AnswerMessage, OutcomeKind, Record, Turn, TurnId, TurnSummary
from answerable.answering.weighing import WeighedQuestion, weigh_question

__all__ = [
    "EVENTS",
    "AnswerMessage",
    "Desk",
    "Inspection",
    "OutcomeKind",
    "QuestionState",
    "Record",
    "TriedQuestion",
    "Turn",
    "TurnId",
    "TurnSummary",
    "WeighedQuestion",
    "accept",
    "answer",
    "apply",
    "count_citations",
    "export_record",
    "find_last_turn",
    "get_question",
    "give_up",
    "inspect",
    "list_cited",
    "list_citing",
    "list_outcomes",
    "list_quoted_spans",
    "list_tried",
    "list_turn_heads",
    "list_turns",
    "list_unanswered",
    "load_turn",
    "mark_question",
    "open_citation",
    "summarise_turns",
    "threshold_of",
    "try_out",
    "view_record",
    "weigh_question",
]
