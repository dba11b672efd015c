"""Setting up a workspace from the command line."""

from dataclasses import replace

import pytest

from answerable.cli.tenant_settings import Edit, apply
from answerable.tenancy import Channel, Configuration, Posture
from answerable.tenancy.errors import PostureInvalid
from answerable.tenancy.values import BRAND_COLOUR

SET = Configuration(
    name="A shop",
    language="en",
    languages=("de", "en"),
    answer_hours=24,
    posture=Posture.AUTO,
    channel_postures={Channel.WEB: Posture.OFF},
    threshold=0.8,
    widget_origins=("https://shop.example",),
    brand_colour=BRAND_COLOUR,
    public_key="key",
)


def test_what_is_not_named_stays_as_it_is() -> None:
    assert apply(Edit(), SET) == SET


def test_what_is_named_is_changed() -> None:
    edit = Edit(
        name="Laden", language="de", speaks=["de"], answer_hours=8, threshold=0.9, brand_colour="#000000"
    )

    assert apply(edit, SET) == replace(
        SET,
        name="Laden",
        language="de",
        languages=("de",),
        answer_hours=8,
        threshold=0.9,
        brand_colour="#000000",
    )


def test_origins_replace_those_before_or_are_taken_away() -> None:
    assert apply(Edit(origin=["https://b.example"]), SET).widget_origins == ("https://b.example",)
    assert apply(Edit(no_origins=True), SET).widget_origins == ()


def test_the_calibrated_threshold_is_taken_up_again() -> None:
    assert apply(Edit(calibrated_threshold=True), SET).threshold is None


def test_a_posture_is_that_of_all_channels_or_of_one() -> None:
    changed = apply(Edit(posture=["draft", "command_line=auto", "web=same"]), SET)

    assert changed.posture is Posture.DRAFT
    assert changed.channel_postures == {Channel.COMMAND_LINE: Posture.AUTO}


@pytest.mark.parametrize(
    "word", ["", "loud", "same", "web=", "web=loud", "fax=auto", "=auto=", "web=auto=off"]
)
def test_a_posture_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(PostureInvalid):
        apply(Edit(posture=[word]), SET)
