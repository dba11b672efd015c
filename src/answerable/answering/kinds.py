"""What kind of answer a question asks for, and whether a sentence holds one. Pure, German and English.

"How much is it" is answered by no sentence without an amount, however near in meaning; vectors do not see that.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from answerable.knowledge.values import Language


class Kind(StrEnum):
    """What a question may ask for that a sentence can be seen to hold or not."""

    PRICE = "price"
    DURATION = "duration"
    TIME = "time"
    COUNT = "count"
    FREQUENCY = "frequency"
    LENGTH = "length"
    WEIGHT = "weight"
    TEMPERATURE = "temperature"
    AMOUNT = "amount"
    NAME = "name"
    """Who somebody is or what something is called: no sentence can be seen to say it."""
    CONTACT = "contact"


_NUMBER = (
    r"(?:\d[\d.,]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twice"
    r"|ein(?:e[nrms]?|mal)?|zwei(?:mal)?|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)"
)
_SOME = rf"(?:{_NUMBER}|an?|half|several|few|couple|mehrere|einige|halbe[nrs]?|anderthalb)"
_PERIOD = (
    r"(?:\w*tage?n?|\w*wochen?|\w*monate?n?s?|\w*jahre?n?s?|\w*stunden?|\w*minuten?|days?|weeks?|months?|years?"
    r"|hours?|minutes?|weekends?|wochenende|seasons?|saison)"
)
_PERIODS = r"(?:days|weeks|hours|months|years|minutes|tage|wochen|stunden|monate|jahre|minuten)"
_SPAN_OF_TIME = rf"\b{_SOME}[- \u2013]?(?:\w+[- ]){{0,2}}?{_PERIOD}\b"
_CHARGE = r"wie hoch (?:ist|sind) (?:der|die|das) \w*(?:zuschlag|gebühr|preis|kosten)"
_DAY = (
    r"\w*(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)|monday|tuesday|wednesday|thursday|friday"
    r"|saturday|sunday|januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember"
    r"|january|february|march|may|june|july|october|december|morning|evening|abend|daily|täglich|heiligabend"
    r"|christmas|silvester|feiertag\w*|holidays?"
)


def _compile(patterns: Mapping[Kind, str]) -> Mapping[Kind, re.Pattern[str]]:
    return MappingProxyType({kind: re.compile(one, re.IGNORECASE) for kind, one in patterns.items()})


_ASKS = _compile(
    {
        Kind.PRICE: r"\bkoste\w*|\bcosts?\b|\bhow much (?:is|are|does|do|for|would|will)\b|\b(?:price|preis)\b"
        rf"|\bcharge\b(?! your| my| the card)|\bteuer\b|\b{_CHARGE}",
        Kind.DURATION: r"\bhow (?:long|soon|quickly|fast)\b(?! should)|\bwie (?:lange?|schnell)\b"
        rf"|\b(?:how many|wie ?viele?) {_PERIODS}\b",
        Kind.TIME: r"^(?:\w+,? )?(?:when|wann|until when|what time|how late)\b|\bwann\b|, (?:until )?when\b"
        r"|\bopening hours|öffnungszeiten|\bwhat hours|uhrzeit|um wie ?viel uhr",
        Kind.COUNT: rf"\b(?:how many|wie ?viele)\b(?! (?:times|{_PERIODS}))",
        Kind.FREQUENCY: r"\b(?:how often|wie oft|how many times|wie viele male)\b",
        Kind.LENGTH: r"\b(?:how (?:tall|high|big|large|wide|deep|thick|far)|how long should"
        rf"|wie (?:groß|gross|breit|tief|weit|dick)|(?!{_CHARGE})wie hoch|square met\w+|quadratmeter)\b",
        Kind.WEIGHT: r"\b(?:how heavy|wie schwer|wieg(?:t|en)|weighs?|gewicht)\b",
        Kind.TEMPERATURE: r"\b(?:temperatur\w*|how (?:warm|cold|hot)|wie (?:warm|kalt|heiß))\b",
        Kind.AMOUNT: r"\b(?:how loud|wie laut|wie ?viel(?!e) (?!kost)|minimum|mindest\w+|maximum|max|höchst\w+"
        r"|up to what|bis zu welche\w*|ab welche\w*|interest rate|zinssatz)\b",
        Kind.NAME: r"\b(?:who (?:is|are)|wer (?:ist|sind)|wie hei(?:ß|ss)(?:t|en)|name of"
        r"|(?:which|what) (?:brand|make|company)|welche[rsn]? (?:marke|firma))\b",
        Kind.CONTACT: r"\b(?:(?:phone|fax|telephone) ?number|telefonnummer|faxnummer"
        r"|e-?mail[- ]?(?:address|adresse)|iban)\b",
    }
)
_HOLDS = _compile(
    {
        Kind.PRICE: r"€|\$|£|\b(?:euros?|eur|usd|gbp|chf)\b|\bfree\b|kosten(?:los|frei)|gratis"
        r"|\bno (?:fee|charge|cost)|(?:keine|ohne|zusätzlichen) (?:\w+ )?(?:gebühr|kosten|aufpreis|versandkosten)"
        r"|\bcost nothing|kosten nichts|\d ?%|inbegriffen|enthalten|included|includes|nichts nach",
        Kind.DURATION: rf"{_SPAN_OF_TIME}|\b(?:sofort|immediately|at once|same day|selben tag|nächsten werktag"
        r"|jederzeit|at any time)\b|\buntil \d|\bbis (?:zum )?\d",
        Kind.TIME: rf"\b\d{{1,2}}(?::\d\d)? ?(?:uhr|am|pm)\b|\b(?:{_DAY})s?\b|{_SPAN_OF_TIME}"
        r"|\b(?:sobald|when|once|as soon as|after|nach|until|before|bis|erst|vor|ab)\b|closed|geschlossen"
        r"|same day|selben tag|sofort",
        Kind.COUNT: rf"\b{_NUMBER}\b(?! ?(?:%|€|°|(?:cm|mm|kg|g|km|m|uhr|am|pm|wh|mb|litres?|liter|{_PERIOD})\b))"
        r"(?<!€\d)(?<!€\d\d)",
        Kind.FREQUENCY: r"\b(?:every|alle|each|jede[nrms]?|times|mal|twice|once|(?:ein|zwei|drei)mal"
        r"|after \w+ (?:use|wash))\b"
        r"|\b(?:per|pro|im|a) (?:day|week|month|year|season|tag|woche|monat|jahr|saison)\b",
        Kind.LENGTH: r"\d ?(?:cm|mm|m|km|meters?|metres?|m²)\b|\b(?:size|größe) \w*\d|\blitres?|liter|zentimeter",
        Kind.WEIGHT: r"\d ?(?:(?:kg|g|t|gramm|kilo\w*)\b|%)",
        Kind.TEMPERATURE: r"°|\b(?:grad|degrees)\b",
        Kind.AMOUNT: rf"\d|\b{_NUMBER}\b|\bno minimum|keine? mindest",
        Kind.NAME: r"(?!)",
        Kind.CONTACT: r"@|\d{3,}",
    }
)
_PRICED = re.compile(r"kost|cost", re.IGNORECASE)
_BOUND = re.compile(
    r"\b(?:ab|bis|über|unter|from|above|over|below|of|to|von|between|under)\b(?: \w+)?? "
    r"(?:€ ?\d[\d.,]*|\d[\d.,]* ?€)",
    re.IGNORECASE,
)
"""An amount that limits an order is no price: "from an order value of €60"."""

_CAPITALISED = re.compile(r"(?<=[\w,;] )[A-Z][\w-]+")
_KNOWN_BY = 5


def kinds_asked(question: str) -> frozenset[Kind]:
    """What a question asks for; empty for most, which ask whether, how or what."""
    return frozenset(kind for kind, pattern in _ASKS.items() if pattern.search(question))


def share_held(kinds: frozenset[Kind], sentence: str) -> float:
    """Which share of the kinds that are asked for a sentence holds; 1.0 when nothing is asked for."""
    if not kinds:
        return 1.0
    return sum(_holds(kind, sentence) for kind in kinds) / len(kinds)


def words_asking(question: str) -> frozenset[str]:
    """The words by which a question asks for its kinds: a sentence that holds those need not repeat them."""
    matches = (match.group() for pattern in _ASKS.values() for match in pattern.finditer(question))
    return frozenset(word for match in matches for word in re.findall(r"\w+", match.casefold()))


def names_in(question: str, language: Language) -> tuple[str, ...]:
    """The names in an English question; none in German, where every noun has a capital."""
    if language is not Language.ENGLISH:
        return ()
    return tuple(_CAPITALISED.findall(question))


def is_named(name: str, text: str) -> bool:
    """Whether a word of a text begins as the name does, so that "Austria" is in "Austrian"."""
    return name.casefold()[:_KNOWN_BY] in text.casefold()


def _holds(kind: Kind, sentence: str) -> bool:
    if kind is Kind.PRICE and not _PRICED.search(sentence):
        sentence = _BOUND.sub(" ", sentence)
    return _HOLDS[kind].search(sentence) is not None
