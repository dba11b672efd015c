"""The one way out: HTTP to named hosts, checked when the connection is made.

Who may be called is decided by the policy that the caller is given; what is sent is the caller's.
"""

from answerable.infra.egress.checks import take_apart
from answerable.infra.egress.client import Client, open_client
from answerable.infra.egress.dial import Resolve, system_resolve
from answerable.infra.egress.errors import (
    AddressRefused,
    ConnectionFailed,
    HostNotAllowed,
    RedirectRefused,
    ResponseTooLarge,
    TimedOut,
    TlsRefused,
    UrlRefused,
)
from answerable.infra.egress.values import EgressPolicy, Response

__all__ = [
    "AddressRefused",
    "Client",
    "ConnectionFailed",
    "EgressPolicy",
    "HostNotAllowed",
    "RedirectRefused",
    "Resolve",
    "Response",
    "ResponseTooLarge",
    "TimedOut",
    "TlsRefused",
    "UrlRefused",
    "open_client",
    "system_resolve",
    "take_apart",
]
