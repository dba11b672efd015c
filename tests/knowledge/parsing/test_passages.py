from answerable.knowledge.parsing.markdown import parse_markdown
from answerable.knowledge.parsing.passages import MAX_WORDS, MIN_WORDS, split_passages

SENTENCE = "Wir liefern innerhalb von drei Tagen nach Österreich und Deutschland. "


def passages(markdown: str) -> list[tuple[tuple[str, ...], str]]:
    document = parse_markdown(markdown, "x")
    return [
        (span.heading_path, document.text[span.start : span.end])
        for span in split_passages(document.text, document.headings)
    ]


def test_each_top_section_has_its_own_passages() -> None:
    found = passages("# Shop\n\nHallo.\n\n## Versand\n\nSchnell.\n\n## Rückgabe\n\nLeicht.")

    assert found == [
        (("Shop",), "Shop\n\nHallo."),
        (("Shop", "Versand"), "Versand\n\nSchnell."),
        (("Shop", "Rückgabe"), "Rückgabe\n\nLeicht."),
    ]


def test_small_sections_below_a_top_section_share_a_passage_under_what_they_have_in_common() -> None:
    found = passages("# Shop\n\n## Versand\n\n### Wien\n\nEin Tag.\n\n### Graz\n\nZwei Tage.")

    assert found == [(("Shop", "Versand"), "Shop\n\nVersand\n\nWien\n\nEin Tag.\n\nGraz\n\nZwei Tage.")]


def test_a_long_section_is_divided_into_passages_of_about_equal_length() -> None:
    found = passages("## Versand\n\n" + "\n\n".join([SENTENCE * 5] * 10))

    lengths = [len(text.split()) for _, text in found]
    assert len(found) == 3
    assert all(MIN_WORDS <= length <= MAX_WORDS + MIN_WORDS // 2 for length in lengths)


def test_a_list_stays_with_its_lead_in() -> None:
    lead_in = "Bitte legen Sie dem Paket bei:"
    listed = "\n".join(f"- Beleg {number} in Kopie" for number in range(8))

    found = passages(SENTENCE * 11 + f"\n\n{SENTENCE * 6}\n\n{lead_in}\n\n{listed}")

    holding = [text for _, text in found if lead_in in text]
    assert len(holding) == 1
    assert listed in holding[0]


def test_a_long_list_is_divided_between_its_items_and_keeps_the_markers() -> None:
    found = passages("\n".join(f"- {SENTENCE}" for _ in range(60)))

    assert len(found) > 1
    assert all(text.startswith("- Wir") and text.endswith("Deutschland.") for _, text in found)


def test_a_heading_with_nothing_below_it_goes_with_what_follows() -> None:
    found = passages("# Shop\n\n## Leer\n\n## Versand\n\nSchnell.")

    assert found == [(("Shop", "Versand"), "Shop\n\nLeer\n\nVersand\n\nSchnell.")]


def test_a_text_without_headings_has_passages_without_a_path() -> None:
    assert passages("Nur ein Satz.") == [((), "Nur ein Satz.")]
