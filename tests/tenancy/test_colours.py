"""Brand colours: the contrast of the guidelines, by answers that are known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.tenancy.colours import LEAST_CONTRAST, WHITE, check_brand_colour, contrast
from answerable.tenancy.errors import ColourInvalid, ColourTooLight

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("colour", "ratio"),
    [
        ("#000000", 21.0),
        ("#ffffff", 1.0),
        ("#777777", 4.48),
        ("#767676", 4.54),
        ("#ff0000", 4.0),
        ("#008000", 5.14),
        ("#0000ff", 8.59),
    ],
)
def test_the_contrast_with_white_is_the_known_one(colour: str, ratio: float) -> None:
    assert contrast(colour, WHITE) == pytest.approx(ratio, abs=0.005)


@given(colours, colours)
def test_contrast_goes_both_ways_and_stays_in_its_range(first: str, second: str) -> None:
    assert contrast(first, second) == contrast(second, first)
    assert 1.0 <= contrast(first, second) <= 21.0


@given(colours)
def test_a_colour_is_taken_exactly_when_white_can_be_read_on_it(colour: str) -> None:
    try:
        taken = check_brand_colour(colour.upper())
    except ColourTooLight:
        assert contrast(colour, WHITE) < LEAST_CONTRAST
    else:
        assert taken == colour
        assert contrast(colour, WHITE) >= LEAST_CONTRAST


def test_a_refusal_says_how_much_it_was() -> None:
    with pytest.raises(ColourTooLight, match=r"4\.47 to 1"):
        check_brand_colour("#777777")


@pytest.mark.parametrize(
    "written", ["", "red", "#12345", "#1234567", "#fff", "123456", "#12345g", "#123456;"]
)
def test_what_is_no_colour_is_refused(written: str) -> None:
    with pytest.raises(ColourInvalid):
        check_brand_colour(written)
