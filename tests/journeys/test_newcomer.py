"""What a newcomer does: start, ask, look at the record, stop, start again."""

import json
import os
import signal
import subprocess

import psutil

from answerable.infra.installation import Installation
from factories.product import Product, until


def stop(product: Product, process: subprocess.Popen[bytes]) -> None:
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) == 0, product.output.read_text()[-3000:]


def test_start_ask_stop_and_start_again(product: Product) -> None:
    running = product.start("run")
    product.await_ready(within_s=120)
    until(
        lambda: "Answerable is ready at" in product.output.read_text(),
        within_s=30,
        told=product.output.read_text,
    )

    asked = product.run_json("ask", "shop", "How long do I have to send something back?")
    unknown = product.run_json("ask", "shop", "xyzzy plugh?")
    stop(product, running)

    # Everything is gone with it, and everything is there again.
    assert product.postmasters() == []
    again = product.start("run")
    product.await_ready(within_s=60)
    listed = product.run_json("conversation", "list", "shop")
    assert {asked["conversation_id"], unknown["conversation_id"]} == {one["id"] for one in listed}
    assert asked["disclosure"]["shown"]
    assert {"understand", "retrieve", "decide"} <= {one["step"] for one in asked["decisions"]}

    # As when the power fails: no part gets a chance to say goodbye.
    for process in [*psutil.Process(again.pid).children(recursive=True), psutil.Process(again.pid)]:
        process.kill()
    for process in product.postmasters():
        process.kill()
    again.wait()
    third = product.start("run")
    product.await_ready(within_s=60)
    assert len(product.run_json("conversation", "list", "shop")) == 2
    demo = product.run_json("demo")
    assert {one["added"] + one["changed"] for one in demo["tenants"]} == {0}
    stop(product, third)


def test_the_command_line_says_what_is_wrong_and_how_to_mend_it(
    product: Product, installation: Installation
) -> None:
    # Open meanwhile: no command then starts and stops the server of its own.
    assert installation.server.is_embedded
    assert "Remedy:" in product.run("ask", "nobody", "Hello?", code=1)
    assert json.loads(product.run("ask", "nobody", "Hello?", "--json", code=1))["error"]["code"] == (
        "tenancy.tenant_unknown"
    )
    product.run("ask", code=2)
    product.run("no-such-command", code=2)
    product.run("tenant", "create", "Not A Slug", "--owner", "o@example.com", code=1)
    product.run("tenant", "create", "shop", "--owner", "o@example.com")
    assert "tenancy.slug_taken" in product.run("tenant", "create", "shop", "--owner", "o@example.com", code=1)


def test_a_quote_is_printed_byte_for_byte(product: Product, installation: Installation) -> None:
    assert installation.server.is_embedded
    folder = product.folder / "documents"
    folder.mkdir()
    (folder / "returns.md").write_text("# Rückgabe\n\nSie haben 30 Tage Zeit, „Widerruf“ zu erklären.\n")
    product.run("tenant", "create", "shop", "--owner", "o@example.com")
    product.run("knowledge", "import", "shop", str(folder))
    (document,) = product.run_json("knowledge", "list", "shop")
    text = product.run_json("knowledge", "show", "shop", document["id"])["text"]
    start = text.index("Sie haben")

    shown = product.run(
        "knowledge", "show", "shop", document["id"], "--version", "1", "--span", f"{start}:{len(text)}"
    )

    assert shown == text[start:]
    product.run("knowledge", "delete", "shop", document["id"], "--yes")
    assert product.run_json("knowledge", "list", "shop") == []
