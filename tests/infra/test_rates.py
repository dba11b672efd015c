from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.ids import TenantId, uuid7
from answerable.infra.rates import Rate, RateExceeded, Rates, scoped_key

TWICE = Rate(name="twice", per_minute=2)


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def rates(seconds: Seconds) -> Rates:
    return Rates(clock=seconds, most_keys=3)


async def test_what_happens_too_often_is_refused_and_says_how_long_to_wait(
    rates: Rates, seconds: Seconds
) -> None:
    await rates.spend(TWICE, "a")
    seconds.now += 20
    await rates.spend(TWICE, "a")

    with pytest.raises(RateExceeded) as refusal:
        await rates.spend(TWICE, "a")

    assert refusal.value.wait_s == 40


async def test_the_window_moves_with_each_hit(rates: Rates, seconds: Seconds) -> None:
    await rates.spend(TWICE, "a")
    seconds.now += 40
    await rates.spend(TWICE, "a")
    seconds.now += 20

    await rates.spend(TWICE, "a")

    with pytest.raises(RateExceeded) as refusal:
        await rates.spend(TWICE, "a")
    assert refusal.value.wait_s == 40


async def test_a_refusal_does_not_prolong_the_wait(rates: Rates, seconds: Seconds) -> None:
    await rates.spend(TWICE, "a")
    await rates.spend(TWICE, "a")
    for _ in range(5):
        seconds.now += 10
        with pytest.raises(RateExceeded):
            await rates.spend(TWICE, "a")

    seconds.now += 10

    await rates.spend(TWICE, "a")


async def test_looking_costs_nothing(rates: Rates) -> None:
    for _ in range(10):
        await rates.check(TWICE, "a")

    await rates.spend(TWICE, "a")
    await rates.spend(TWICE, "a")

    with pytest.raises(RateExceeded):
        await rates.check(TWICE, "a")


async def test_one_is_not_counted_for_another(rates: Rates) -> None:
    await rates.spend(TWICE, "a")
    await rates.spend(TWICE, "a")

    await rates.spend(TWICE, "b")
    await rates.spend(Rate(name="other", per_minute=2), "a")


@pytest.mark.parametrize("jump_s", [-86_400.0, 86_400.0])
async def test_a_clock_that_jumps_locks_nobody_out(rates: Rates, seconds: Seconds, jump_s: float) -> None:
    await rates.spend(TWICE, "a")
    await rates.spend(TWICE, "a")

    seconds.now += jump_s

    await rates.spend(TWICE, "a")


async def test_memory_is_bounded_by_forgetting_who_was_quiet_longest(rates: Rates, seconds: Seconds) -> None:
    for key in ("a", "a", "b", "c", "d"):
        seconds.now += 1
        await rates.spend(TWICE, key)

    await rates.spend(TWICE, "a")


@given(st.lists(st.text(), max_size=3), st.lists(st.text(), max_size=3))
def test_two_lists_of_parts_share_a_key_only_when_they_are_equal(left: list[str], right: list[str]) -> None:
    tenant_id = TenantId(UUID(int=7))

    assert (scoped_key(tenant_id, *left) == scoped_key(tenant_id, *right)) == (left == right)


def test_two_tenants_never_share_a_key() -> None:
    acme, globex = TenantId(uuid7()), TenantId(uuid7())

    assert scoped_key(acme, "sender", "::1") != scoped_key(globex, "sender", "::1")
