"""What may be set, and how two edits meet: on values alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.errors import AnswerableError
from answerable.tenancy import Channel, Configuration, Posture, SettingField, SettingsVersion
from answerable.tenancy.configuration import (
    KEY_UNDO,
    changed_fields,
    check_configuration,
    key_before,
    key_undo_until,
    merge,
    read_configuration,
    revert_to,
    write_configuration,
)
from answerable.tenancy.errors import (
    AnswerHoursInvalid,
    ColourTooLight,
    KeyNotUndoable,
    LanguagesInvalid,
    NameInvalid,
    OriginInvalid,
    SettingsConflict,
    ThresholdInvalid,
)

AT = datetime(2026, 11, 21, tzinfo=UTC)
SET = Configuration(
    name="A shop",
    language="en",
    languages=("de", "en"),
    answer_hours=24,
    posture=Posture.AUTO,
    channel_postures={},
    threshold=None,
    widget_origins=(),
    brand_colour="#1f4b3f",
    public_key="first",
)

configurations = st.builds(
    Configuration,
    name=st.sampled_from(["A shop", "Another shop", "Dritter Laden"]),
    language=st.just("en"),
    languages=st.sampled_from([("en",), ("de", "en")]),
    answer_hours=st.integers(1, 720),
    posture=st.sampled_from(Posture),
    channel_postures=st.dictionaries(st.sampled_from(Channel), st.sampled_from(Posture)),
    threshold=st.none() | st.integers(510, 990).map(lambda number: number / 1000),
    widget_origins=st.lists(st.sampled_from(["https://a.example", "https://b.example"]), unique=True).map(
        tuple
    ),
    brand_colour=st.sampled_from(["#1f4b3f", "#000000"]),
    public_key=st.sampled_from(["first", "second"]),
)


def version(number: int, *, key: str, changed: tuple[SettingField, ...] = ()) -> SettingsVersion:
    return SettingsVersion(
        version=number,
        configuration=replace(SET, public_key=key),
        changed=changed,
        actor_kind="platform",
        actor_id=None,
        reverts_to=None,
        changed_at=AT + timedelta(hours=number),
    )


@given(configurations)
def test_what_is_allowed_is_kept_as_it_is(wanted: Configuration) -> None:
    assert check_configuration(wanted) == wanted


def test_languages_have_one_order_and_a_threshold_three_places() -> None:
    checked = check_configuration(replace(SET, languages=("en", "de", "en"), threshold=0.74712))

    assert (checked.languages, checked.threshold) == (("de", "en"), 0.747)


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"name": "\x00"}, NameInvalid),
        ({"languages": ()}, LanguagesInvalid),
        ({"languages": ("en", "fr")}, LanguagesInvalid),
        ({"languages": ("de",)}, LanguagesInvalid),
        ({"language": "fr"}, LanguagesInvalid),
        ({"answer_hours": 0}, AnswerHoursInvalid),
        ({"answer_hours": 721}, AnswerHoursInvalid),
        ({"widget_origins": ("http://shop.example",)}, OriginInvalid),
        ({"brand_colour": "#777777"}, ColourTooLight),
        ({"threshold": 0.5}, ThresholdInvalid),
        ({"threshold": 0.995}, ThresholdInvalid),
        ({"threshold": nan}, ThresholdInvalid),
        ({"threshold": inf}, ThresholdInvalid),
        ({"threshold": -inf}, ThresholdInvalid),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(
    changed: dict[str, Any], error: type[AnswerableError]
) -> None:
    with pytest.raises(error):
        check_configuration(replace(SET, **changed))


@given(configurations, configurations, configurations)
def test_an_edit_is_brought_over_or_is_a_conflict_and_never_undoes_another(
    base: Configuration, current: Configuration, wanted: Configuration
) -> None:
    edited = set(changed_fields(base, wanted))
    others = set(changed_fields(base, current))
    try:
        merged = merge(base, current, wanted)
    except SettingsConflict:
        assert edited & others
        return

    for field in SettingField:
        source = wanted if field in edited else current
        assert getattr(merged, field.value) == getattr(source, field.value)


def test_two_who_change_different_things_both_have_their_way() -> None:
    merged = merge(SET, replace(SET, name="Theirs"), replace(SET, answer_hours=8))

    assert merged == replace(SET, name="Theirs", answer_hours=8)


def test_two_who_change_the_same_thing_differently_are_told() -> None:
    with pytest.raises(SettingsConflict, match="`name`"):
        merge(SET, replace(SET, name="Theirs"), replace(SET, name="Mine"))


def test_two_who_change_the_same_thing_alike_are_of_one_mind() -> None:
    same = replace(SET, name="Same")

    assert merge(SET, same, same) == same


@given(configurations, configurations)
def test_what_is_written_is_read_again(written: Configuration, present: Configuration) -> None:
    assert read_configuration(write_configuration(written), present=present) == written


def test_what_could_not_be_set_then_is_read_as_it_is_now() -> None:
    present = replace(SET, threshold=0.8, channel_postures={Channel.WEB: Posture.OFF})

    read = read_configuration('{"name":"Before","color":"blue"}', present=present)

    assert read == replace(present, name="Before")


def test_what_is_brought_back_keeps_the_present_key() -> None:
    back = revert_to(replace(SET, public_key="second"), replace(SET, name="Before"))

    assert back == replace(SET, name="Before", public_key="second")


def test_the_key_before_is_that_of_the_version_before_its_change() -> None:
    versions = [
        version(4, key="second", changed=(SettingField.NAME,)),
        version(3, key="second", changed=(SettingField.PUBLIC_KEY,)),
        version(2, key="first", changed=(SettingField.NAME,)),
        version(1, key="zeroth"),
    ]

    assert key_before(versions, now=AT + timedelta(hours=3) + KEY_UNDO) == "first"


def test_a_key_that_was_replaced_longer_ago_than_a_day_stays_void() -> None:
    versions = [version(2, key="second", changed=(SettingField.PUBLIC_KEY,)), version(1, key="first")]

    with pytest.raises(KeyNotUndoable):
        key_before(versions, now=AT + timedelta(hours=2, seconds=1) + KEY_UNDO)


def test_a_key_that_was_never_replaced_cannot_be_brought_back() -> None:
    with pytest.raises(KeyNotUndoable):
        key_before([version(2, key="first", changed=(SettingField.NAME,)), version(1, key="first")], now=AT)


def test_until_when_a_key_can_be_undone_is_a_day_after_its_change() -> None:
    versions = [version(2, key="second", changed=(SettingField.PUBLIC_KEY,)), version(1, key="first")]
    end = AT + timedelta(hours=2) + KEY_UNDO

    assert key_undo_until(versions, now=end) == end
    assert key_undo_until(versions, now=end + timedelta(seconds=1)) is None
    assert key_undo_until(versions[1:], now=AT) is None
