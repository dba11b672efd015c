"""What a contact sees between question and answer: steps, and no word of the answer before it is stored."""

from typing import Any

from factories.contacts import Contact
from factories.desks import QUESTION
from factories.streams import follow


async def test_an_answer_comes_with_its_progress_and_its_sources(visitor: Contact) -> None:
    begun = (await visitor.write("Hi")).json()
    async with follow(visitor.client, key=visitor.key, begun=begun) as events:
        while (await events.next("message")).data["author"] != "assistant":
            pass
        own = {"token": begun["conversation_token"], "conversation_id": begun["conversation_id"]}
        await visitor.write(QUESTION, **own)

        steps = [await events.next("progress") for _ in range(6)]
        answer = await events.next("message")
        while answer.data["author"] != "assistant":
            answer = await events.next("message")

    assert [event.data["step"] for event in steps] == [
        "understand",
        "retrieve",
        "compose",
        "check",
        "disclose",
        "decide",
    ]
    assert steps[3].data["count"] == 1
    assert answer.id == answer.data["position"] == 4
    (citation,) = answer.data["citations"]
    assert (citation["title"], citation["version"]) == ("Returns", 1)
    assert citation["quote"] == "You have 30 days from receipt of the goods to send something back."


async def test_no_word_of_an_answer_is_streamed_before_it_is_stored(visitor: Contact) -> None:
    begun = (await visitor.write(QUESTION)).json()

    seen: list[Any] = []
    async with follow(visitor.client, key=visitor.key, begun=begun) as events:
        while not (seen and seen[-1].name == "message" and seen[-1].data["author"] == "assistant"):
            seen.append(await events.next())

    before = [event for event in seen[:-1] if event.name != "message"]
    assert all("30 days" not in str(event.data) for event in before)
    assert all(set(event.data) == {"step", "count"} for event in before if event.name == "progress")
