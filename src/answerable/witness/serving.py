"""The witness over HTTP: one address to hand a checkpoint in, one to read the newest of each log."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from answerable.witness.errors import LogsUnreadable
from answerable.witness.protocol import MAX_REQUEST_BYTES, KeysOf, Verdict, parse_request, read_logs
from answerable.witness.state import Witness

_TOLD = {
    Verdict.MALFORMED: "This is no request to cosign a checkpoint.",
    Verdict.UNTRUSTED: "No key that is trusted for this log has signed the checkpoint.",
    Verdict.UNKNOWN: "This witness does not know the log.",
    Verdict.STALE: "Another root of this size was seen before.",
    Verdict.UNPROVED: "The proof does not show that this checkpoint continues the one before.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessOptions:
    """How a witness is run."""

    state: Path
    """Its folder: its key and what it has seen."""

    logs: Path
    """Names the logs that it knows."""

    name: str
    """Under which it cosigns, such as `witness.example.com/w1`."""

    host: str
    port: int


def serve_witness(options: WitnessOptions, tell: Callable[[str], None]) -> None:
    """Serve until told to stop.

    Errors:  LogsUnreadable, StateMissing, and those of key files.
    """
    witness = Witness(options.state, options.name, _read_logs(options.logs), now=time.time)
    tell(f"Cosigns at http://{options.host}:{options.port}/add-checkpoint as")
    tell(f"  {witness.key}")
    try:
        uvicorn.run(
            create_witness(witness),
            host=options.host,
            port=options.port,
            log_config=None,
            server_header=False,
            timeout_keep_alive=5,
        )
    finally:
        witness.close()


def create_witness(witness: Witness) -> Starlette:
    """The application that speaks for a witness."""

    async def add_checkpoint(request: Request) -> Response:
        body = bytearray()
        try:
            async for part in request.stream():
                body += part
                if len(body) > MAX_REQUEST_BYTES:
                    return PlainTextResponse("Longer than any request.\n", status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)
        # On the loop: requests are weighed one after the other, since the file is one too.
        return _answer(witness, bytes(body))

    async def newest(request: Request) -> Response:
        note = witness.newest(request.path_params["place"])
        if note is None:
            return PlainTextResponse(f"{_TOLD[Verdict.UNKNOWN]}\n", status_code=404)
        return Response(note, media_type="text/plain; charset=utf-8")

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{place:str}/checkpoint", newest, methods=["GET"]),
        ]
    )


def _answer(witness: Witness, body: bytes) -> Response:
    request = parse_request(body)
    if request is None:
        return PlainTextResponse(f"{_TOLD[Verdict.MALFORMED]}\n", status_code=Verdict.MALFORMED)
    seen = witness.take(request)
    if seen.verdict is Verdict.COSIGNED:
        return Response(seen.lines, media_type="text/plain; charset=utf-8")
    if seen.verdict is Verdict.STALE and seen.size is not None:
        size = f"{seen.size}\n".encode()
        return Response(size, status_code=Verdict.STALE, headers={"Content-Type": "text/x.tlog.size"})
    return PlainTextResponse(f"{_TOLD[seen.verdict]}\n", status_code=seen.verdict)


def _read_logs(path: Path) -> KeysOf:
    try:
        return read_logs(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise LogsUnreadable(f"{path}.") from error
