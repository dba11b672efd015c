import subprocess
import sys

import pytest

from answerable.infra.language import detect_language

GERMAN = """
Wie lange kann ich Ware zurückgeben?
Versand?
Rückgabe
Garantie?
Was kostet der Versand?
Liefert ihr in die Schweiz?
Habt ihr am Sonntag offen?
Kann ich mit PayPal zahlen?
Wo ist mein Paket?
Sind die Stiefel wasserdicht?
Größe 42 passt nicht
Umtausch möglich?
Ich möchte mit einem Menschen sprechen.
Meine Jacke ist kaputt
Retoure
Öffnungszeiten Innsbruck
Gutschein einlösen
Rechnung fehlt
Mahnung erhalten
Reparatur Zelt
Bekomme ich mein Geld zurück?
Wann kommt die Lieferung an?
Gilt das auch für Sale-Artikel?
Sale Artikel umtauschen
Newsletter abmelden
Datenschutz
Löschen Sie meine Daten!
Welche Zahlungsarten gibt es?
Kauf auf Rechnung?
Express Lieferung bis morgen möglich?
Servus, wie wasche ich Gore-Tex?
Daunenjacke waschen
Schuhe neu besohlen
Kann man Ski ausleihen?
Skiverleih Preise
Gaskartuschen verschicken
Stornieren
Bestellung ändern
Adresse falsch eingegeben
Hallo
Guten Tag!
Vielen Dank
Lieferzeit Österreich
Hat der Rucksack 40 Liter?
Ist das Zelt für 3 Personen?
Sendungsverfolgung
DHL oder Post?
Firmenkunden Rabatt
Passwort vergessen
Kletterkurs buchen
""".strip().splitlines()

ENGLISH = """
How long do I have to send something back?
Do you ship to Switzerland?
Shipping?
Returns
Warranty?
What does delivery cost?
Are you open on Sunday?
Can I pay with PayPal?
Where is my parcel?
Are the boots waterproof?
Size 42 does not fit
Exchange possible?
I want to talk to a human.
My jacket is broken
Refund
Opening hours Innsbruck
Redeem gift card
Invoice missing
Got a payment reminder
Tent repair
Will I get my money back?
When will the delivery arrive?
Does that apply to sale items too?
Exchange sale items
Unsubscribe newsletter
Privacy
Delete my data!
Which payment methods are there?
Pay by invoice?
Express delivery by tomorrow?
Hi, how do I wash Gore-Tex?
Washing a down jacket
Resole boots
Can one rent skis?
Ski rental prices
Shipping gas canisters
Cancel
Change order
Entered the wrong address
Hello
Good morning!
Thank you
Delivery time Austria
Is the backpack 40 litres?
Is the tent for 3 people?
Track shipment
DHL or Royal Mail?
Business customer discount
Forgot password
Book a climbing course
""".strip().splitlines()


@pytest.mark.parametrize("question", GERMAN)
def test_a_short_german_question_is_recognised(question: str) -> None:
    assert detect_language(question).code == "de"


@pytest.mark.parametrize("question", ENGLISH)
def test_a_short_english_question_is_recognised(question: str) -> None:
    assert detect_language(question).code == "en"


@pytest.mark.parametrize("text", ["", "   ", "12345", "???", "😊"])
def test_a_text_without_words_is_undecided(text: str) -> None:
    assert detect_language(text).probability == 0.5


def test_a_sentence_is_surer_than_a_word() -> None:
    word = detect_language("Versand?")
    sentence = detect_language("Wie lange dauert der Versand und was kostet er?")

    assert 0.5 < word.probability < sentence.probability <= 1.0


def test_a_clear_question_needs_no_model() -> None:
    script = (
        "import sys; from answerable.infra.language import detect_language as d;"
        "d('Wie lange kann ich Ware zurückgeben?'); d('Do you ship to Switzerland?');"
        "sys.exit('py3langid' in sys.modules or 'numpy' in sys.modules)"
    )

    finished = subprocess.run([sys.executable, "-c", script], check=False)

    assert finished.returncode == 0
