"""A client that speaks to an application in this process, without a socket."""

import httpx
from fastapi import FastAPI

ADDRESS = "http://care.test"

Client = httpx.AsyncClient  # noqa: TID251 - it reaches nothing but the application that it is given

Response = httpx.Response


def open_client(app: FastAPI) -> Client:
    """A client of an application that asks as a page of its own would; to be closed by whoever opens it."""
    return Client(transport=httpx.ASGITransport(app), base_url=ADDRESS, headers={"Origin": ADDRESS})


def open_socket_client(origin: str) -> Client:
    """A client of an application that is served on this machine; to be closed by whoever opens it."""
    return Client(base_url=origin, timeout=20)
