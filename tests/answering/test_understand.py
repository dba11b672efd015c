"""Reading what a contact wants: examples in both languages, and properties."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.answering.understand import MAX_QUESTION, understand
from answerable.answering.values import Incoming, Intent, Turn
from answerable.conversations.values import MessageId
from answerable.infra.ids import uuid7
from answerable.knowledge.values import Language
from factories.answering import TURN


def turn_of(*texts: str | None, asked: bool = False) -> Turn:
    incoming = tuple(
        Incoming(id=MessageId(uuid7()), position=position, text=text)
        for position, text in enumerate(texts, 1)
    )
    return replace(TURN, incoming=incoming, address_asked=asked)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Hello!", Intent.GREETING),
        ("Hi there", Intent.GREETING),
        ("Guten Tag", Intent.GREETING),
        ("Moin!", Intent.GREETING),
        ("Thanks a lot!", Intent.THANKS),
        ("ok danke", Intent.THANKS),
        ("Vielen lieben Dank!", Intent.THANKS),
        ("thank you for the help", Intent.THANKS),
        ("I want to talk to a human", Intent.PERSON),
        ("can I speak to a real person please", Intent.PERSON),
        ("Ich möchte mit einem Mitarbeiter sprechen", Intent.PERSON),
        ("Bitte mit einem Menschen verbinden", Intent.PERSON),
        ("Mensch bitte", Intent.PERSON),
        ("???", Intent.EMPTY),
        ("👍", Intent.EMPTY),
        ("", Intent.EMPTY),
        ("How long do I have to send something back?", Intent.QUESTION),
        ("Hallo, wie lange kann ich Ware zurückgeben?", Intent.QUESTION),
        ("Danke, aber wie teuer ist der Versand?", Intent.QUESTION),
        ("Can a second person use my loyalty card?", Intent.QUESTION),
        ("x" * (MAX_QUESTION + 1), Intent.TOO_LONG),
    ],
)
def test_what_a_contact_wants_is_read_without_guessing(text: str, intent: Intent) -> None:
    assert understand(turn_of(text)).intent is intent


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How long do I have to send something back?", Language.ENGLISH),
        ("Wie lange kann ich Ware zurückgeben?", Language.GERMAN),
        ("Do you ship to Switzerland?", Language.ENGLISH),
        ("Versand nach Österreich?", Language.GERMAN),
        ("Hello", Language.ENGLISH),
        ("Moin!", Language.GERMAN),
    ],
)
def test_the_language_of_a_question_is_read(text: str, language: Language) -> None:
    assert understand(turn_of(text)).language is language


def test_a_text_too_short_to_tell_has_the_language_of_the_conversation() -> None:
    turn = replace(turn_of("42?"), language=Language.GERMAN)

    assert understand(turn).language is Language.GERMAN


def test_a_greeting_in_front_does_not_belong_to_the_question() -> None:
    assert understand(turn_of("Hallo zusammen, wie lange habe ich Zeit?")).text == "wie lange habe ich Zeit?"


def test_a_burst_of_messages_is_one_question() -> None:
    question = understand(turn_of("How long do I have", "to send something back?"))

    assert question.text == "How long do I have\nto send something back?"


def test_an_address_is_read_only_where_it_was_asked_for() -> None:
    text = "You can reach me at Max@Example.com, thanks"

    asked = understand(turn_of(text, asked=True))
    unasked = understand(turn_of(text))

    assert (asked.intent, asked.address) == (Intent.ADDRESS, "max@example.com")
    assert (unasked.intent, unasked.address) == (Intent.QUESTION, None)


def test_a_message_whose_key_was_destroyed_is_empty() -> None:
    assert understand(turn_of(None)).intent is Intent.EMPTY


@given(st.lists(st.text(), max_size=4))
def test_every_burst_can_be_read(texts: list[str]) -> None:
    question = understand(turn_of(*texts))

    assert question.intent in Intent
    assert question.language in Language
