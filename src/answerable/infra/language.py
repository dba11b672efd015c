"""Which of two languages a text is in, German or English, also for a single word.

A vote of everyday words decides nearly always; only where it is silent is a statistical model loaded, which
takes about a second and forty megabytes.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, Protocol, cast

Code = Literal["de", "en"]

_CONSIDERED_CHARACTERS = 4000
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_GERMAN_LETTERS = re.compile(r"[äöüß]")

# Words of both languages ("die", "was", "in", "so", "also", "will", "hat", "war", "man") are in neither list.
_GERMAN = """
    aber alle als am auch auf aus bei beim bin bis bitte brauche da dann darf das dass dauert dein deine dem
    den denn der des dich dir doch dort du durch ein eine einem einen einer eines er es etwas euch euer eure
    falls für gegen geht gerne gibt guten haben habe habt hallo heute hier ich ihr ihre ihren ihnen im immer
    ist ja jede jeden kann kannst kein keine keinen können könnt könnte kosten kostet lange liefert man mehr
    mein meine meinem meinen meiner mich mir mit möchte morgen muss nach nein nicht noch nur ob oder ohne
    schon sehr sein seid seine seit sich sie sind soll sollte tagen tage über um und uns unser unsere viel
    vom von vor wann warum was weil welche welchen welcher wenn wer werde werden wie wieder wieso wieviel
    wird wirklich wo wochen wollen würde zu zum zur zurück zwischen
    adresse abholung abholen ändern angebot anfrage anleitung artikel beschwerde bestellen bestellt
    bestellung bezahlen danke datenschutz einkauf ersatzteile erstattung filiale garantie geld geschäft
    geschenk geschlossen geöffnet gewährleistung größe größentabelle grüß gutschein kauf kaufen kunde
    kündigen hilfe kontakt lager laden lieferung lieferzeit liefern mahnung mitarbeiter öffnungszeiten
    paket passt preis rabatt rechnung reklamation reparatur retoure rückerstattung rückgabe rückgaberecht
    rücksendung sendung sonntag samstag montag schuhe sendungsverfolgung servus storno stornieren tauschen
    telefonnummer umtausch umtauschen verfügbar verpackung versand versandkosten verschicken vielen ware
    widerruf widerrufen zahlung zahlungsarten zelt zustellung
"""
_ENGLISH = """
    a about after all am an any are as at be been before but by can can't could did do does doesn't don't
    for from get has have hello her here hey hi how i i'd i'll i'm i've if is isn't it it's its just long
    many may me more much must my need no not of off on one only or our out over please send shall should
    soon than thank thanks that the their them then there they this those to too took until up us want was
    we what what's when where which while who why with within without would yes you your
    address back bill boots business buy cancel card change charge closed collect complaint contact cost
    costs coupon customer damaged deliver delivery discount exchange fee fit free gift gloves guarantee
    instructions invoice item items jacket late lost money number off open opening order pay payment phone
    pickup policy price privacy product purchase receipt refund refunds rent repair repairs replacement
    return returns sale ship shipped shipping shoes size sizes sleeping speak stock store talk tent track
    tracking voucher warranty weekend working wrong
"""
_WORDS: dict[Code, frozenset[str]] = {
    "de": frozenset(_GERMAN.split()) - {"was", "am", "man", "da"},
    "en": frozenset(_ENGLISH.split()) - {"was", "am"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """A language and how sure it is."""

    code: Code
    probability: float
    """0.5 where nothing speaks for either, up to 1.0."""


class _Identifier(Protocol):
    """What is used of the model."""

    def rank(self, text: str) -> list[tuple[str, float]]:
        """The languages with their probabilities, best first."""
        ...


def detect_language(text: str) -> Detection:
    """German or English, whichever the text is more likely in.

    Effects: loads the model at the first text that the vote leaves open.
    """
    considered = text[:_CONSIDERED_CHARACTERS].lower()
    words = [word.replace("\u2019", "'") for word in _WORD.findall(considered)]
    german = sum((word in _WORDS["de"]) + bool(_GERMAN_LETTERS.search(word)) for word in words)
    english = sum(word in _WORDS["en"] for word in words)
    if not words:
        return Detection(code="en", probability=0.5)
    if max(german, english) >= 2 * min(german, english) + 1:
        # Half a vote for each side, so that one word is not yet certainty.
        share = (max(german, english) + 0.5) / (german + english + 1)
        return Detection(code="de" if german > english else "en", probability=share)
    code, probability = _load_identifier().rank(considered)[0]
    return Detection(code="de" if code == "de" else "en", probability=max(0.5, min(1.0, probability)))


@cache
def _load_identifier() -> _Identifier:
    # Imported here: the model's numbers take longer to load than all else that a command needs.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 # As the comment above says.

    # Any: the library has no types.
    make = cast("Any", LanguageIdentifier)
    identifier = make.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(["de", "en"])
    return cast("_Identifier", identifier)
