"""Commands on a workspace, from arguments to output and exit code, over a real database."""

import json
from collections.abc import Generator
from pathlib import Path
from uuid import UUID

import pytest

from answerable.infra import schema
from answerable.infra.ids import uuid7
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings
from factories.commands import Run, running_commands

PROMISED = [
    "outcome",
    "reason",
    "text",
    "language",
    "conversation_id",
    "turn_id",
    "message_id",
    "disclosure",
    "citations",
    "decisions",
]
DECISION = ["step", "method", "version", "verdict", "reason", "duration_ms"]


@pytest.fixture
def run(
    server: Server, settings: Settings, database_name: str, capsys: pytest.CaptureFixture[str]
) -> Generator[Run]:
    with running_commands(server, settings, database_name, capsys) as run_command:
        yield run_command


@pytest.fixture
def shop(run: Run) -> str:
    slug = f"s{uuid7().hex[-12:]}"
    assert run("tenant", "create", slug, "--owner", "owner@example.com").code == 0
    return slug


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    (tmp_path / "returns.md").write_text("# Returns\n\nYou have 30 days, „from receipt“, to send it back.\n")
    return tmp_path


def test_a_new_workspace_is_said_and_listed(run: Run) -> None:
    slug = f"s{uuid7().hex[-12:]}"

    created = run("tenant", "create", slug, "--owner", "o@example.com", "--name", "Shop", "--language", "de")
    listed = run("tenant", "list", "--json")

    assert (created.code, created.err) == (0, "")
    assert f"Created workspace {slug} (Shop)." in created.out
    assert [one["name"] for one in listed.value if one["slug"] == slug] == ["Shop"]
    assert slug in run("tenant", "list").out


def test_a_created_workspace_is_told_as_json_with_its_public_key(run: Run) -> None:
    created = run("tenant", "create", f"s{uuid7().hex[-12:]}", "--owner", "o@example.com", "--json").value

    assert {"id", "slug", "name", "language", "posture", "answer_hours", "public_key"} <= created.keys()
    assert "o@example.com" not in str(created)


def test_the_answer_to_a_question_has_exactly_the_promised_keys(run: Run, shop: str) -> None:
    asked = run("ask", shop, "Hello", "--json")

    answer = asked.value
    assert asked.code == 0
    assert list(answer) == PROMISED
    assert answer["outcome"] == "reply"
    assert answer["language"] == "en"
    assert answer["disclosure"].keys() == {"shown", "message_id", "language", "text_version"}
    assert answer["disclosure"]["shown"] is True
    assert answer["disclosure"]["message_id"] == answer["message_id"]
    assert answer["citations"] == []
    assert [list(one) for one in answer["decisions"]] == [DECISION] * len(answer["decisions"])
    assert [one["step"] for one in answer["decisions"]] == ["understand", "disclose", "decide"]
    for name in ("conversation_id", "turn_id", "message_id"):
        assert UUID(answer[name]).version == 7


def test_a_handoff_is_an_answer_like_any_other(run: Run, shop: str) -> None:
    asked = run("ask", shop, "Do you ship pianos to Switzerland?", "--json")

    assert (asked.code, asked.value["outcome"]) == (0, "handoff")
    assert list(asked.value) == PROMISED


def test_the_language_of_a_short_question_can_be_named(run: Run, shop: str) -> None:
    assert run("ask", shop, "?!", "--language", "de", "--json").value["language"] == "de"


def test_an_explained_answer_shows_steps_and_passages(run: Run, shop: str, documents: Path) -> None:
    run("knowledge", "import", shop, str(documents))

    told = run("ask", shop, "How many days to send it back?", "--explain")
    explained = run("ask", shop, "How many days to send it back?", "--explain", "--json").value

    assert told.code == 0
    assert "retrieve" in told.out
    assert list(explained) == [*PROMISED, "considered"]
    assert len(explained["considered"]) == 1
    assert explained["decisions"][0]["inputs"]["messages"][0]["text"] == "How many days to send it back?"


def test_an_import_is_counted_and_a_second_one_changes_nothing(run: Run, shop: str, documents: Path) -> None:
    first = run("knowledge", "import", shop, str(documents), "--json")
    second = run("knowledge", "import", shop, str(documents))

    assert (first.code, first.value["added"], first.value["failed"]) == (0, 1, 0)
    assert "0 added, 0 changed, 1 unchanged" in second.out
    # Progress is beside the result, never in it.
    assert "returns.md" in first.err
    assert second.err == ""


def test_an_import_with_a_bad_file_fails_and_keeps_the_good_ones(
    run: Run, shop: str, documents: Path
) -> None:
    (documents / "bad.csv").write_bytes(b"a,b\nc,d\n")

    done = run("knowledge", "import", shop, str(documents))

    assert done.code == 1
    assert "1 added" in done.out
    assert "bad.csv" in done.err
    assert len(run("knowledge", "list", shop, "--json").value) == 1


def test_an_import_says_of_each_file_what_became_of_it(run: Run, shop: str, documents: Path) -> None:
    (documents / "bad.csv").write_bytes(b"a,b\nc,d\n")
    (documents / "picture.png").write_bytes(b"")

    done = run("knowledge", "import", shop, str(documents), "--json")

    told = {Path(one["file"]).name: one for one in done.value["files"]}
    assert {name: (one["state"], one["code"]) for name, one in told.items()} == {
        "bad.csv": ("failed", "knowledge.columns_missing"),
        "picture.png": ("skipped", "knowledge.format_unknown"),
        "returns.md": ("added", None),
    }
    assert UUID(told["returns.md"]["document"])
    assert told["bad.csv"]["remedy"]


def test_an_address_is_imported_like_a_file_and_a_private_one_is_refused(run: Run, shop: str) -> None:
    done = run("knowledge", "import", shop, "http://127.0.0.1:1/page", "--json")
    listed = run("knowledge", "import", shop, "--sitemap", "http://10.0.0.1/sitemap.xml", "--json")

    assert [(one["file"], one["state"]) for one in done.value["files"]] == [
        ("http://127.0.0.1:1/page", "failed")
    ]
    assert listed.value["files"][0]["code"] == "knowledge.address_private"
    assert (done.code, listed.code) == (1, 1)


def test_a_document_is_listed_shown_quoted_found_and_deleted(run: Run, shop: str, documents: Path) -> None:
    run("knowledge", "import", shop, str(documents))
    (listed,) = run("knowledge", "list", shop, "--json").value
    shown = run("knowledge", "show", shop, listed["id"], "--json").value
    start = shown["text"].index("30 days")

    quote = run("knowledge", "show", shop, listed["id"], "--span", f"{start}:{start + 10}")
    found = run("knowledge", "search", shop, "30 days", "--json").value
    deleted = run("knowledge", "delete", shop, listed["id"], "--yes")

    assert quote.out == "30 days, „"
    assert shown["versions"][0]["number"] == 1
    assert found["candidates"][0]["document_id"] == listed["id"]
    assert (deleted.code, "looked for" in deleted.out) == (0, True)
    assert "No document yet" in run("knowledge", "list", shop).out


def test_nothing_is_deleted_unless_somebody_says_yes(run: Run, shop: str, documents: Path) -> None:
    run("knowledge", "import", shop, str(documents))
    (listed,) = run("knowledge", "list", shop, "--json").value

    refused = run("knowledge", "delete", shop, listed["id"])

    assert (refused.code, refused.out) == (1, "Nothing was deleted.\n")
    assert len(run("knowledge", "list", shop, "--json").value) == 1


def test_conversations_are_listed_and_shown_and_every_look_is_in_the_log(run: Run, shop: str) -> None:
    asked = run("ask", shop, "Hello", "--json").value

    (listed,) = run("conversation", "list", shop, "--json").value
    shown = run("conversation", "show", shop, listed["id"], "--json").value
    events = run("audit", "tail", shop, "--json").value

    assert listed["id"] == asked["conversation_id"]
    assert [message["text"] for message in shown["messages"]] == ["Hello", asked["text"]]
    assert shown["turns"] == [asked["turn_id"]]
    assert [event["type"] for event in events[:2]] == [
        "access.conversation_viewed",
        "access.conversations_listed",
    ]
    assert run("audit", "tail", shop, "--limit", "1", "--json").value[0]["type"] == "access.log_queried"


def test_a_conversation_is_shown_to_people_as_a_dialogue(run: Run, shop: str) -> None:
    asked = run("ask", shop, "Hello", "--json").value

    told = run("conversation", "show", shop, asked["conversation_id"]).out

    assert told.startswith("open, with assistant\n")
    assert "contact\nHello\n" in told


@pytest.mark.parametrize(
    "command",
    [
        ("conversation", "list", "{shop}"),
        ("knowledge", "list", "{shop}"),
        ("knowledge", "search", "{shop}", "anything"),
        ("audit", "tail", "{shop}"),
        ("tenant", "list"),
        ("jobs",),
        ("migrate",),
        ("demo",),
        ("vault", "rotate"),
    ],
    ids=" ".join,
)
def test_every_command_that_reports_does_so_as_json_and_to_people(
    run: Run, shop: str, command: tuple[str, ...]
) -> None:
    arguments = [part.format(shop=shop) for part in command]

    to_programs = run(*arguments, "--json")
    to_people = run(*arguments)

    assert (to_programs.code, to_people.code) == (0, 0)
    assert isinstance(to_programs.value, dict | list)
    assert to_people.out.strip()
    with pytest.raises(json.JSONDecodeError):
        json.loads(to_people.out)


def test_the_demo_says_what_it_loads_beside_its_report(run: Run) -> None:
    done = run("demo", "--json")

    assert done.value == {"tenants": [{"slug": "shop", "created": True} | COUNTS]}
    assert done.err == "Demo workspace shop: created.\n"


COUNTS = {"added": 41, "changed": 0, "unchanged": 0, "failed": 0}


def test_migrate_names_the_revision_or_prints_the_sql_of_the_roles(run: Run) -> None:
    assert run("migrate", "--json").value == {"revision": schema.EXPECTED_REVISION}
    assert "CREATE ROLE answerable_app LOGIN" in run("migrate", "--print-roles").out


def test_a_job_that_did_not_give_up_is_not_tried_again(run: Run) -> None:
    done = run("jobs", "retry", "999999999")

    assert done.code == 1
    assert "jobs.not_parked" in done.err


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("ask", "nobody", "Hello"), "tenancy.tenant_unknown"),
        (("tenant", "create", "Not A Slug", "--owner", "o@example.com"), "tenancy.slug_invalid"),
        (("tenant", "create", "fine", "--owner", "no address"), "tenancy.email_invalid"),
        (("tenant", "create", "{shop}", "--owner", "o@example.com"), "tenancy.slug_taken"),
        (("conversation", "show", "{shop}", str(UUID(int=1))), "conversations.conversation_not_found"),
        (("knowledge", "show", "{shop}", str(UUID(int=1))), "knowledge.document_not_found"),
        (("knowledge", "show", "{shop}", str(UUID(int=1)), "--span", "9:2"), "cli.span_invalid"),
        (("ask", "{shop}", "x" * 8001), "conversations.message_too_long"),
    ],
)
def test_a_failure_is_told_with_its_message_its_remedy_and_its_code(
    run: Run, shop: str, command: tuple[str, ...], code: str
) -> None:
    arguments = [part.format(shop=shop) for part in command]

    told = run(*arguments)

    assert (told.code, told.out) == (1, "")
    assert f"Code: {code}" in told.err
    assert "Remedy: " in told.err
    assert "Traceback" not in told.err


def test_a_failure_is_one_json_object_for_programs(run: Run) -> None:
    told = run("ask", "nobody", "Hello", "--json")

    error = json.loads(told.err)["error"]
    assert (told.code, told.out) == (1, "")
    assert error.keys() == {"code", "message", "remedy"}
    assert all(error.values())


def test_a_workspace_is_set_up_shown_and_brought_back(run: Run, shop: str) -> None:
    origins = ("--origin", "https://Shop.example/", "--origin", "http://localhost:3000")
    changed = run("tenant", "set", shop, "--posture", "draft", "--posture", "web=auto", *origins)
    shown = run("tenant", "show", shop, "--json").value
    history = run("tenant", "history", shop)
    undone = run("tenant", "undo", shop, "--to", "1", "--json").value

    assert (changed.code, changed.out) == (0, "Version 2 holds: posture, channel_postures, widget_origins.\n")
    assert (shown["posture"], shown["channel_postures"]) == ("draft", {"web": "auto"})
    assert shown["widget_origins"] == ["https://shop.example", "http://localhost:3000"]
    assert "posture, channel_postures, widget_origins" in history.out
    assert (undone["version"], undone["reverts_to"]) == (3, 1)
    assert "playground only" in run("tenant", "show", shop).out


def test_a_value_that_is_not_allowed_is_refused_with_a_remedy(run: Run, shop: str) -> None:
    refused = run("tenant", "set", shop, "--threshold", "0.5")

    assert refused.code == 1
    assert "tenancy.threshold_invalid" in refused.err
    assert run("tenant", "show", shop, "--json").value["settings_version"] == 1


def test_the_widgets_key_is_renewed_and_the_one_before_brought_back(run: Run, shop: str) -> None:
    before = run("tenant", "show", shop, "--json").value["public_key"]
    renewed = run("tenant", "renew-key", shop, "--json").value
    undone = run("tenant", "renew-key", shop, "--undo", "--json").value

    assert renewed["configuration"]["public_key"] != before
    assert undone["configuration"]["public_key"] == before
