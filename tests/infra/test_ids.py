"""Identifiers: version 7, in the order in which they are made, never twice."""

from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.ids import uuid7

# What 48 bits of milliseconds can hold.
moments = st.integers(0, (1 << 48) * 1_000_000 - 1)


def test_an_identifier_is_a_version_seven_uuid() -> None:
    made = uuid7()

    assert (made.version, made.variant) == (7, RFC_4122)


def test_the_published_example_has_the_published_time() -> None:
    # RFC 9562, appendix A.6: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
    made = uuid7(unix_ns=0x017F22E279B0 * 1_000_000)

    assert str(made).startswith("017f22e2-79b0-7000-")


@given(moments)
def test_an_identifier_says_when_it_was_made(unix_ns: int) -> None:
    made = uuid7(unix_ns=unix_ns)

    assert made.int >> 80 == unix_ns // 1_000_000
    assert (made.version, made.variant) == (7, RFC_4122)


@given(moments, moments)
def test_identifiers_sort_by_the_time_of_their_making(first: int, second: int) -> None:
    earlier, later = sorted((first, second))
    # A four-thousandth of a millisecond is the finest that an identifier tells.
    finest = 1_000_000 // 4096 + 1

    if later - earlier >= finest:
        assert uuid7(unix_ns=earlier) < uuid7(unix_ns=later)


def test_identifiers_made_at_the_same_moment_differ() -> None:
    assert len({uuid7(unix_ns=1) for _number in range(10_000)}) == 10_000
