"""What the assistant says of its own: one catalogue, German and English. Everything else it quotes."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

from answerable.answering.values import Quote
from answerable.knowledge.values import Language

DISCLOSURE_VERSION = 1
"""Raised whenever the wording of `Text.DISCLOSURE` changes, so that a record says which one was shown."""


class Text(StrEnum):
    """The assistant's own sentences."""

    DISCLOSURE = "disclosure"
    QUOTES = "quotes"
    QUOTES_FOREIGN = "quotes_foreign"
    GREETING = "greeting"
    THANKS = "thanks"
    EMPTY = "empty"
    UNKNOWN = "unknown"
    TOO_LONG = "too_long"
    PERSON = "person"
    NOT_AUTOMATIC = "not_automatic"
    ASK_ADDRESS = "ask_address"
    WAIT_HERE = "wait_here"
    ADDRESS_NOTED = "address_noted"
    FAILED = "failed"


_CATALOGUE: Mapping[Language, Mapping[Text, str]] = MappingProxyType(
    {
        Language.ENGLISH: {
            Text.DISCLOSURE: "I am an AI assistant of {tenant}. You can ask for a person at any time.",
            Text.QUOTES: "Our documents say:",
            Text.QUOTES_FOREIGN: "Our documents say, in German:",
            Text.GREETING: "Hello! What would you like to know?",
            Text.THANKS: "You are welcome. Is there anything else you would like to know?",
            Text.EMPTY: "I could not find any words in your message. What would you like to know?",
            Text.UNKNOWN: "I found no answer to that in our documents, and I do not guess. "
            "I have passed your question on to our team.",
            Text.TOO_LONG: "Your message is too long for me to answer reliably. "
            "I have passed it on to our team.",
            Text.PERSON: "I have passed the conversation on to our team.",
            Text.NOT_AUTOMATIC: "I have passed your message on to our team.",
            Text.ASK_ADDRESS: "Nobody is here right now. Please write your e-mail address, "
            "and you will get an answer within {hours} hours.",
            Text.WAIT_HERE: "You will get an answer within {hours} hours.",
            Text.ADDRESS_NOTED: "Thank you, we will answer to {address} within {hours} hours.",
            Text.FAILED: "Something went wrong on our side. I have passed your message on to our team.",
        },
        Language.GERMAN: {
            Text.DISCLOSURE: "Ich bin ein KI-Assistent von {tenant}. "
            "Sie können jederzeit nach einem Menschen fragen.",
            Text.QUOTES: "In unseren Unterlagen steht:",
            Text.QUOTES_FOREIGN: "In unseren Unterlagen steht auf Englisch:",
            Text.GREETING: "Guten Tag! Was möchten Sie wissen?",
            Text.THANKS: "Gern geschehen. Möchten Sie noch etwas wissen?",
            Text.EMPTY: "In Ihrer Nachricht habe ich keine Wörter gefunden. Was möchten Sie wissen?",
            Text.UNKNOWN: "Dazu finde ich in unseren Unterlagen keine Antwort, und raten möchte ich nicht. "
            "Ich habe Ihre Frage an unser Team weitergegeben.",
            Text.TOO_LONG: "Ihre Nachricht ist zu lang, als dass ich sie verlässlich beantworten könnte. "
            "Ich habe sie an unser Team weitergegeben.",
            Text.PERSON: "Ich habe das Gespräch an unser Team weitergegeben.",
            Text.NOT_AUTOMATIC: "Ich habe Ihre Nachricht an unser Team weitergegeben.",
            Text.ASK_ADDRESS: "Im Moment ist niemand da. Bitte schreiben Sie Ihre E-Mail-Adresse, "
            "dann bekommen Sie innerhalb von {hours} Stunden eine Antwort.",
            Text.WAIT_HERE: "Sie bekommen innerhalb von {hours} Stunden eine Antwort.",
            Text.ADDRESS_NOTED: "Danke, wir antworten innerhalb von {hours} Stunden an {address}.",
            Text.FAILED: "Bei uns ist etwas schiefgegangen. "
            "Ich habe Ihre Nachricht an unser Team weitergegeben.",
        },
    }
)


def say(text: Text, language: Language, **values: str | int) -> str:
    """One of the assistant's sentences; `values` fill its gaps."""
    return _CATALOGUE[language][text].format(**values)


def say_quotes(quotes: Sequence[Quote], language: Language, *, foreign: bool) -> str:
    """Quotes with the titles of their documents, led in by the assistant's own words."""
    lead = say(Text.QUOTES_FOREIGN if foreign else Text.QUOTES, language)
    marks = ("„", "“") if language is Language.GERMAN else ("“", "”")
    return "\n\n".join([lead, *(f"{marks[0]}{quote.text}{marks[1]}\n({quote.title})" for quote in quotes)])
