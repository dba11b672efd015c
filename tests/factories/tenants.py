"""How tests ask for tenants of their own."""

from collections.abc import Awaitable, Callable

from answerable.infra.ids import Actor

MakeTenant = Callable[..., Awaitable[Actor]]
