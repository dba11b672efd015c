"""What a message may be and what is read from it: examples and properties."""

import unicodedata
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from answerable.conversations.errors import ClientIdInvalid, MessageNotText, MessageTooLong
from answerable.conversations.rules import check_client_id, clean_text, find_email
from answerable.conversations.values import MAX_TEXT
from answerable.infra.ids import uuid7

HIDING = "\u200b\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"

texts = st.text(st.characters(codec="utf-8"))
# More of what is rare in ordinary texts: line ends, controls, marks that hide, letters with loose accents.
strange = st.text(st.sampled_from("ab \n\r\t\x00\x07\x1b\x7f\x85é\u0301\u0308\u0344\u1100\u1161" + HIDING))
words = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789"), min_size=1, max_size=12)


@given(texts | strange)
def test_cleaning_a_clean_text_changes_nothing(text: str) -> None:
    once = clean_text(text)

    assert clean_text(once) == once


@given(texts | strange)
def test_a_clean_text_holds_nothing_that_controls_or_hides(text: str) -> None:
    cleaned = clean_text(text)

    assert {mark for mark in cleaned if unicodedata.category(mark) == "Cc"} <= {"\n", "\t"}
    assert not set(cleaned) & set(HIDING)
    assert cleaned == cleaned.strip()
    assert unicodedata.is_normalized("NFC", cleaned)


@given(words, words)
def test_letters_stay_as_they_were_written(first: str, second: str) -> None:
    assert clean_text(f"  {first}\r\n{second}\u202e ") == f"{first}\n{second}"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Gru\u0308ße", "Grüße"),
        ("a\x00b", "ab"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("pay \u202e00.1\u202c EUR", "pay 00.1 EUR"),
        ("\u200b \u2060", ""),
        ("👩\u200d👩\u200d👧 👍🏽", "👩\u200d👩\u200d👧 👍🏽"),
        ("a\tb", "a\tb"),
    ],
)
def test_a_message_is_kept_as_a_reader_sees_it(written: str, kept: str) -> None:
    assert clean_text(written) == kept


def test_a_mark_that_hides_cannot_keep_two_marks_from_becoming_one() -> None:
    assert clean_text("e\u200b\u0301") == "é"


@given(st.integers(0xD800, 0xDFFF), words)
def test_a_lone_surrogate_is_no_text(surrogate: int, word: str) -> None:
    with pytest.raises(MessageNotText):
        clean_text(word + chr(surrogate))


def test_a_message_has_at_most_eight_thousand_characters() -> None:
    longest = "x" * MAX_TEXT

    assert MAX_TEXT == 8_000
    assert clean_text(longest) == longest
    with pytest.raises(MessageTooLong, match="8,001"):
        clean_text(longest + "x")


@given(st.uuids(version=4) | st.builds(uuid7))
def test_a_client_id_is_taken_as_it_is(client_id: UUID) -> None:
    assert check_client_id(str(client_id)) == str(client_id)


@pytest.mark.parametrize(
    "client_id",
    [
        "",
        "x" * 65,
        "a b",
        "../a",
        "1",
        "00000000-0000-0000-0000-000000000000",
        "9e107d9d-372b-11ee-be56-0242ac120002",
        "9E107D9D-372B-41EE-BE56-0242AC120002",
        "9e107d9d-372b-41ee-be56-0242ac120002\n",
    ],
)
def test_what_is_no_client_id_is_refused(client_id: str) -> None:
    with pytest.raises(ClientIdInvalid):
        check_client_id(client_id)


@given(words, words, st.sampled_from(["de", "com", "example"]), words, words)
def test_an_address_is_found_wherever_it_stands(
    local: str, host: str, top: str, before: str, after: str
) -> None:
    address = f"{local}@{host}.{top}"

    assert find_email(f"{before} {address.upper()}, {after}") == address
    assert find_email(f"<{address}>") == address
    assert find_email(f"{before}\n{address}.") == address


@given(texts)
def test_an_address_that_is_found_stands_in_the_text(text: str) -> None:
    found = find_email(text)

    assert found is None or (found in text.lower() and found.count("@") == 1)


@given(texts)
def test_without_an_at_sign_there_is_no_address(text: str) -> None:
    assume("@" not in text)

    assert find_email(text) is None


@pytest.mark.parametrize("text", ["", "@", "a@b", "@example.com", "a@", "a @ b.de", "a@.de"])
def test_what_is_no_address_is_not_found(text: str) -> None:
    assert find_email(text) is None


def test_the_first_of_two_addresses_counts() -> None:
    assert find_email("anna@example.com or bert@example.com") == "anna@example.com"
