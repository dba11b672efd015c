"""The registry of the product's metrics and their rendering. No label names a tenant: tenants are not public."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

# Our own rather than the library's default one, which also tells of the interpreter and the machine.
REGISTRY: Final = CollectorRegistry(auto_describe=True)

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

REQUESTS: Final = Counter(
    "answerable_http_requests",
    "Requests, by method, route and status.",
    ["method", "route", "status"],
    registry=REGISTRY,
)
REQUEST_DURATION: Final = Histogram(
    "answerable_http_request_duration_seconds",
    "How long requests took, by method and route.",
    ["method", "route"],
    registry=REGISTRY,
)


def render_metrics() -> bytes:
    """Every metric of this process in Prometheus' text format."""
    return generate_latest(REGISTRY)
