"""Makes the pictures of the README from the demo, as it answers with the real embedder: `make pictures`."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import Page, sync_playwright

from answerable.infra.ids import uuid7
from answerable.infra.postgres import delete_database
from answerable.infra.postgres.errors import StillInUse
from answerable.infra.settings import Settings

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
CHROMIUM = "/usr/bin/chromium"
PATIENCE_S = 120
ASKED = (
    ("Jonas Weber", "Can I rent a tent for the weekend?"),
    ("Amira Haddad", "My stove smells of gas. I would like to talk to a person."),
    ("Elif Kaya", "Do you ship to Switzerland?"),
    ("Tom Okafor", "How do I care for a down jacket?"),
    ("Lea Brandt", "How long do I have to send something back?"),
)
"""Who writes what, the one that is opened last."""


def main() -> None:
    """Start the demo, write as contacts, and look at it as a member."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="answerable-pictures-") as folder:
        settings = Settings(home=Path(folder) / "home", database_url=None, port=free_port())
        environment = dict(os.environ) | {
            "ANSWERABLE_HOME": str(settings.home),
            "ANSWERABLE_KEYS": str(settings.home / "keys"),
            "ANSWERABLE_PORT": str(settings.port),
        }
        try:
            with running(environment, Path(folder) / "output.log") as origin:
                take(origin, sign_in_link(environment))
        finally:
            with suppress(StillInUse):
                delete_database(settings)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(environment: Mapping[str, str], output: Path) -> Generator[str]:
    """Everything that `make run` starts, with contacts who have written."""
    with output.open("wb") as told:
        command = [sys.executable, "-m", "answerable", "run"]
        process = subprocess.Popen(command, env=environment, stdout=told, stderr=subprocess.STDOUT)
    try:
        key = urlsplit(await_chat(output))
        origin = f"{key.scheme}://{key.netloc}"
        for name, text in ASKED:
            write(origin, key.path.rpartition("/")[2], name, text)
        yield origin
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=PATIENCE_S)


def await_chat(output: Path) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for line in output.read_text(encoding="utf-8").splitlines():
            if "/try/" in line:
                return line.split()[-1]
        time.sleep(0.2)
    raise TimeoutError(output.read_text(encoding="utf-8")[-2_000:])


def write(origin: str, key: str, name: str, text: str) -> None:
    """Write as a contact and wait for the answer."""
    headers = {"Answerable-Key": key, "Origin": origin}
    body = {"text": text, "client_id": str(uuid7()), "name": name, "language": "en"}
    begun = httpx.post(f"{origin}/widget/v1/messages", json=body, headers=headers).raise_for_status().json()
    mine = headers | {"Answerable-Conversation": begun["conversation_token"]}
    wanted = {"conversation_id": begun["conversation_id"]}
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        answer = httpx.get(f"{origin}/widget/v1/messages", params=wanted, headers=mine).raise_for_status()
        if len(answer.json()["messages"]) > 1:
            return
        time.sleep(0.2)
    raise TimeoutError(text)


def sign_in_link(environment: Mapping[str, str]) -> str:
    command = [sys.executable, "-m", "answerable", "sign-in-link", "shop", "owner@shop.example", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)  # what the command prints
    return str(told["url"])


def take(origin: str, link: str) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(
            locale="en-GB", viewport={"width": 1440, "height": 900}, color_scheme="light"
        )
        page = context.new_page()
        page.goto(link)
        page.locator("main form button").click()
        page.goto(f"{origin}/conversations")
        page.get_by_role("link", name="Lea Brandt").first.click()
        page.wait_for_url("**/conversations/*-*")
        picture(page, "conversations")
        page.get_by_role("link", name="record").last.click()
        page.wait_for_url("**/records/*")
        picture(page, "record")
        browser.close()


def picture(page: Page, name: str) -> None:
    # What comes by the stream has come by then; a stream never lets the network be idle.
    page.wait_for_timeout(1_000)
    target = FOLDER / f"{name}.png"
    page.screenshot(path=target)
    print(f"{target.name}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
