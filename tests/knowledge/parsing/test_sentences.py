import pytest

from answerable.knowledge.parsing.sentences import (
    MAX_SENTENCE_CHARACTERS,
    sentences_within,
    split_sentences,
)


def quotes(text: str) -> list[str]:
    return [text[span.start : span.end] for span in split_sentences(text)]


@pytest.mark.parametrize(
    "sentence",
    [
        "Wir liefern z. B. nach Wien, d. h. nach Österreich.",
        "Das kostet ca. 5 Euro inkl. Steuer bzw. zzgl. Porto.",
        "Siehe Nr. 5, Abs. 2 und Art. 3 der AGB.",
        "Fragen Sie Dr. Huber oder Prof. Maier.",
        "Am 1. März beginnt der Verkauf.",
        "Bis zum 31. Dezember gilt der Preis.",
        "Die 2. Auflage liegt im 3. Stock.",
        "Es wiegt 1,5 kg oder 1.5 kg und kostet 1.234,50 €.",
        "Wir öffnen um 10.00 Uhr.",
        "Rufen Sie uns an: Tel. 0512 1234, Mo. bis Fr. 9 Uhr.",
        "Unser Laden ist in der Hauptstr. 5 in St. Gallen.",
        "Shoes, e.g. boots, i.e. heavy ones, are in No. 5, St. James.",
        "Ask Mr. Smith, Mrs. Jones or J. R. Miller.",
        "We are open from 9 a.m. to 5 p.m. on weekdays.",
        "See https://shop.example/returns.html?a=1.2 for more.",
        'Die Antwort "Nein!" ist selten.',
        "Nun ja… vielleicht doch.",
        "Die Firma heißt Berg & Co. KG.",
        "Das gilt für Zelte, Schlafsäcke usw. und Rucksäcke.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert quotes(sentence) == [sentence]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Wir liefern.", "Das ist schön."),
        ("Was nun?", "Nichts!"),
        ("Das kostet 50.", "Der Versand ist frei."),
        ("Seit 2019.", "Wien ist neu."),
        ("Er sagte: „Alles gut.“", "Danach ging er."),
        ("(Das gilt immer.)", "Außer sonntags."),
        ("Wir haben Zelte, Schuhe usw.", "Die Preise stehen dort."),
        ("We close at 5 p.m.", "The shop opens at 9."),
        ("Keep that in mind.", "Boots are heavy."),
        ("Modelle in der Weite H.", "Schmale Füße passen auch."),
        ("That is glove size 8.", "Helmets are larger."),
        ("See https://shop.example/a.", "Then write to us."),
        ("No.", "We do not."),
        ("Orders ship daily.", "90 percent arrive the next day."),
        ("Es ist der 24. Dezember.", "Dann schließen wir."),
        ("Vielleicht…", "Oder nicht."),
    ],
)
def test_a_sentence_ends_where_a_reader_ends_it(first: str, second: str) -> None:
    assert quotes(f"{first} {second}") == [first, second]


def test_a_list_item_is_quoted_without_its_marker() -> None:
    text = "Sie brauchen:\n\n- den Beleg\n  1. im Original\n* das Etikett"

    assert quotes(text) == ["Sie brauchen:", "den Beleg", "im Original", "das Etikett"]


def test_a_short_list_item_stays_whole() -> None:
    assert quotes("- Schweiz. Dorthin liefern wir nicht.") == ["Schweiz. Dorthin liefern wir nicht."]


def test_a_day_at_the_start_of_a_line_is_no_list_item() -> None:
    assert quotes("1. Mai: geschlossen") == ["1. Mai: geschlossen"]


def test_a_row_of_a_table_stays_whole() -> None:
    row = "Country: Austria. All of it. | Cost: 4.90 EUR. Plus tax."

    assert quotes(row) == [row]


def test_a_sentence_without_end_is_cut_between_words() -> None:
    text = "wort " * 1000 + "ende"

    found = quotes(text)

    assert all(len(quote) <= MAX_SENTENCE_CHARACTERS for quote in found)
    assert " ".join(found) == text


def test_the_sentences_of_a_part_are_those_of_the_whole_that_lie_in_it() -> None:
    text = "Eins. Zwei.\n\n- Drei\n\nVier. Fünf."
    start, end = text.index("Zwei"), text.index("Vier.") + len("Vier.")

    found = [text[span.start : span.end] for span in sentences_within(text, start, end)]

    assert found == ["Zwei.", "Drei", "Vier."]
