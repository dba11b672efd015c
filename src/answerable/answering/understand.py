"""The step that reads what a contact wants, as far as that can be told without guessing. Pure."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from answerable.answering.values import Incoming, Intent, Method, Question, Turn
from answerable.conversations.rules import find_email
from answerable.infra.language import detect_language
from answerable.knowledge.values import Language

METHOD = Method(name="rules", version="2")

MAX_QUESTION = 1_500
"""Above so many characters a message is a letter with several matters, not a question."""

_SURE = 0.8

_GREETING = re.compile(
    r"(hi|hiya|hello|hey|good (morning|afternoon|evening|day)|dear \w+( \w+)?"
    r"|hallo|guten (tag|morgen|abend)|moin|servus|gr[üu](ß|ss) (gott|dich|sie)|liebes \w+"
    r"|sehr geehrte damen und herren)( (there|all|zusammen|everyone|again|nochmal))?[\s,.!:)👋-]*",
    re.IGNORECASE,
)
_THANKS = re.compile(
    r"((ok(ay)?|super|gut|perfekt|perfect|great|prima|alles klar)[\s,.!]*)?"
    r"(thanks?( you)?( (so|very) much| a lot)?|thx|cheers|merci"
    r"|danke( (sch[öo]n|sehr))?|vielen( lieben)? dank)"
    r"( (for|f[üu]r) \w+( \w+){0,3})?[\s,.!:)🙏-]*",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(speak|talk|chat|write|connect|put|transfer)\b.{0,25}\b(human|person|someone|somebody|people|representative"
    r"|employee|colleague|staff|operator|agent)\b"
    r"|\b(real|actual) (human|person)\b|^\W*(human|agent|operator|representative)( please)?\W*$"
    r"|\b(mit|an|von)\b.{0,25}\b(mensch(en)?|person|mitarbeiter(in|n|:in)?|berater(in)?|kolleg(e|en|in)|jemand(em|en)"
    r"|kundenservice|support)\b.{0,20}\b(sprechen|reden|schreiben|verbinden|verbunden|weiterleiten|chatten)\b"
    r"|\b(echte[nr]?|richtige[nr]?|realen?) (mensch(en)?|person|mitarbeiter(in)?)\b"
    r"|^\W*(mensch|mitarbeiter|berater)( bitte)?\W*$",
    re.IGNORECASE | re.DOTALL,
)

_OPENS_ENGLISH = re.compile(r"\W*(hello|hi|hiya|hey|good|dear|thanks?|thx|cheers)\b", re.IGNORECASE)
_OPENS_GERMAN = re.compile(r"\W*(hallo|guten|moin|servus|gr[üu](ß|ss)|liebes?|danke|vielen)\b", re.IGNORECASE)

_OPENERS: Mapping[Intent, re.Pattern[str]] = MappingProxyType(
    {Intent.GREETING: _GREETING, Intent.THANKS: _THANKS}
)


def understand(turn: Turn) -> Question:
    """Read what a burst of messages wants, and in which language it is written."""
    text = "\n".join(message.text for message in turn.incoming if message.text).strip()
    language = language_of(text, before=turn.language, fallback=Language(turn.tenant.language))
    address = find_email(text) if turn.address_asked else None
    return Question(
        # By the button and not by the words: what a contact writes beside it may be anything.
        intent=Intent.PERSON if _wants_person(turn) else _intent_of(text, address=address),
        text=strip_opener(text),
        language=language,
        address=address,
    )


def language_of(text: str, *, before: Language | None, fallback: Language) -> Language:
    """The language of a text; when it is too short to tell, that of the conversation, then of the tenant."""
    found = detect_language(text)
    if found.probability >= _SURE:
        return Language(found.code)
    opened = _OPENS_ENGLISH.match(text), _OPENS_GERMAN.match(text)
    if any(opened):
        return Language.ENGLISH if opened[0] else Language.GERMAN
    return before or fallback


def spoken_language(turn: Turn, asked: Language) -> Language:
    """The language in which the assistant speaks: the contact's where the tenant offers it, else its own."""
    return asked if asked.value in turn.tenant.languages else Language(turn.tenant.language)


def strip_opener(text: str) -> str:
    """The text without a greeting in front of it; unchanged when nothing else would be left."""
    found = _GREETING.match(text)
    rest = text[found.end() :].strip() if found else text
    return rest if any(mark.isalnum() for mark in rest) else text


def _wants_person(turn: Turn) -> bool:
    return any(message.wants_person for message in turn.incoming)


def _intent_of(text: str, *, address: str | None) -> Intent:
    if address is not None:
        return Intent.ADDRESS
    if not any(mark.isalnum() for mark in text):
        return Intent.EMPTY
    if _PERSON.search(text):
        return Intent.PERSON
    for intent, pattern in _OPENERS.items():
        if pattern.fullmatch(text):
            return intent
    return Intent.TOO_LONG if len(text) > MAX_QUESTION else Intent.QUESTION


def describe(incoming: tuple[Incoming, ...]) -> dict[str, object]:
    """What went into this step, for the record."""
    return {
        "messages": [
            {"position": message.position, "text": message.text}
            | ({"wants_person": True} if message.wants_person else {})
            for message in incoming
        ]
    }
