"""What a workspace has set is what a turn goes by, and its record says which version that was."""

from dataclasses import replace
from typing import Any

import pytest

from answerable import tenancy
from answerable.answering import Desk, Record
from answerable.answering.evidence import calibration
from answerable.answering.values import OutcomeKind, Reason
from answerable.conversations import Channel
from answerable.infra.ids import Actor
from answerable.knowledge.values import Language
from answerable.tenancy import Posture, configuration_of
from factories.desks import QUESTION, ask

DEUTSCH = "Guten Tag, ich möchte bitte mit einem Menschen sprechen."


async def set_up(desk: Desk, actor: Actor, **fields: Any) -> None:
    async with desk.database.tenant_session(actor) as db:
        tenant = await tenancy.get_tenant(db)
        wanted = replace(configuration_of(tenant), **fields)
        await tenancy.change_settings(db, wanted, based_on=tenant.settings_version)


def decided(record: Record) -> dict[str, Any]:
    return dict(record.decisions[-1].inputs)


async def test_the_posture_of_a_channel_counts_before_that_of_the_workspace(desk: Desk, shop: Actor) -> None:
    await set_up(desk, shop, posture=Posture.OFF, channel_postures={Channel.WEB: Posture.DRAFT})

    record = await ask(desk, shop, QUESTION)

    assert (record.outcome, record.reason) == (OutcomeKind.DRAFT, Reason.NOT_AUTOMATIC)
    assert decided(record)["posture"] == "draft"


async def test_a_channel_of_which_nothing_is_set_takes_the_workspaces(desk: Desk, shop: Actor) -> None:
    await set_up(desk, shop, posture=Posture.OFF, channel_postures={Channel.COMMAND_LINE: Posture.AUTO})

    record = await ask(desk, shop, QUESTION)

    assert record.outcome is OutcomeKind.HANDOFF


@pytest.mark.parametrize("threshold", [None, 0.6, 0.99])
async def test_the_threshold_of_the_workspace_decides_and_stands_in_the_record(
    desk: Desk, shop: Actor, threshold: float | None
) -> None:
    await set_up(desk, shop, threshold=threshold)

    record = await ask(replace(desk, threshold=None), shop, QUESTION)

    used = decided(record)
    assert used["threshold"] == (calibration().threshold if threshold is None else threshold)
    assert (record.outcome is OutcomeKind.REPLY) == (used["probability"] >= used["threshold"])


async def test_the_record_names_the_version_of_what_was_set(desk: Desk, shop: Actor) -> None:
    first = await ask(desk, shop, QUESTION)
    await set_up(desk, shop, name="Another shop")
    second = await ask(desk, shop, QUESTION)

    assert decided(first)["settings_version"] == 1
    assert decided(second)["settings_version"] == 2
    assert "Another shop" in (second.text or "")


async def test_a_contact_is_spoken_to_in_a_language_that_the_workspace_offers(
    desk: Desk, shop: Actor
) -> None:
    offered = await ask(desk, shop, DEUTSCH)
    await set_up(desk, shop, languages=("en",))

    instead = await ask(desk, shop, DEUTSCH)

    assert offered.language is Language.GERMAN
    assert (instead.language, instead.reason) == (Language.ENGLISH, Reason.REQUESTED)
    assert "AI assistant" in (instead.text or "")
