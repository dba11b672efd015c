"""What every surface that speaks HTTP is given, and how a route comes by it."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request

from answerable.infra.db import Database
from answerable.infra.embedding import Embedder
from answerable.infra.rates import Occupancy, Rate, Rates
from answerable.infra.signals import Hub
from answerable.infra.web.addresses import Network
from answerable.infra.web.readiness import Readiness

_MESSAGES = Rate(name="messages", per_minute=30)
_POSTS = Rate(name="posts", per_minute=60)
_READS = Rate(name="reads", per_minute=300)
_SIGN_INS = Rate(name="sign_ins", per_minute=10)
_TRIALS = Rate(name="trials", per_minute=20)
_UNKNOWN_KEYS = Rate(name="unknown_keys", per_minute=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often something may be asked, in any sixty seconds."""

    messages: Rate = _MESSAGES
    """Messages of one conversation."""

    posts: Rate = _POSTS
    """Requests of one address that change something."""

    reads: Rate = _READS
    """Requests of one address that only read."""

    trials: Rate = _TRIALS
    """Questions of one member in the playground."""

    unknown_keys: Rate = _UNKNOWN_KEYS
    """Requests of one address that name no workspace."""

    sign_ins: Rate = _SIGN_INS
    """Sign-in links that one address tries."""
    streams_of_conversation: int = 8
    """Streams of one conversation that may be open at once: windows of one contact."""

    streams_of_address: int = 200
    """Streams of one address that may be open at once: people behind one router."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """What the application gives to its surfaces."""

    database: Database
    expected_revision: str
    limits: Limits = field(default_factory=Limits)
    embedder: Embedder | None = None
    """What turns a question into a vector; None finds by words alone."""

    proxies: tuple[Network, ...] = ()
    """Networks whose word about a request's sender is taken."""

    public_url: str | None = None
    """Under which people reach this installation; None for the address it listens on."""

    rates: Rates = field(default_factory=Rates)
    occupancy: Occupancy = field(default_factory=Occupancy)
    hub: Hub = field(default_factory=Hub)
    """Where streams wait for what happens; it hears nothing until `infra.signals.listening` lets it."""


def give_web(app: FastAPI, web: Web) -> Readiness:
    """Put what the surfaces need where their routes find it."""
    app.state.web = web
    app.state.readiness = Readiness(web.database, expected_revision=web.expected_revision)
    return app.state.readiness


def web_of(request: Request) -> Web:
    """What the application gave to its surfaces."""
    web = request.app.state.web
    assert isinstance(web, Web)
    return web


def readiness_of(request: Request) -> Readiness:
    """Whether this process may take requests, for a route that asks."""
    readiness = request.app.state.readiness
    assert isinstance(readiness, Readiness)
    return readiness


TheWeb = Annotated[Web, Depends(web_of)]
"""A route's parameter for what the surfaces are given."""

TheReadiness = Annotated[Readiness, Depends(readiness_of)]
"""A route's parameter for whether this process may take requests."""


def permission(name: str) -> dict[str, Any]:
    """The mark of a route that says which permission it needs; `public` when none."""
    return {"x-permission": name}
