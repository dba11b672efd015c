"""A server that runs, and how to connect to it. Starting and sharing it is not here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from psycopg.conninfo import make_conninfo
from pydantic import SecretStr
from sqlalchemy import URL

DRIVER = "postgresql+psycopg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A PostgreSQL server, embedded or external."""

    host: str
    """A host, or the folder of a unix socket."""

    port: int
    version: str
    """As the server says it, such as `18.4`."""

    is_embedded: bool
    database: str
    """The database that the product lives in."""

    role: str
    """The role that makes all others: the superuser when embedded, else the one the operator names."""

    password: SecretStr
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    """Further connection parameters, such as `sslmode`."""

    def url(
        self, *, role: str | None = None, password: SecretStr | None = None, database: str | None = None
    ) -> URL:
        """The address for SQLAlchemy; whatever is left out is that of the role that makes all others."""
        chosen = password or self.password
        return URL.create(
            DRIVER,
            username=role or self.role,
            password=chosen.get_secret_value(),
            database=database or self.database,
            query={**self.options, "host": self.host, "port": str(self.port)},
        )

    def conninfo(
        self, *, role: str | None = None, password: SecretStr | None = None, database: str | None = None
    ) -> str:
        """The same for psycopg and libpq."""
        chosen = password or self.password
        return make_conninfo(
            "",
            **self.options,
            host=self.host,
            port=self.port,
            user=role or self.role,
            password=chosen.get_secret_value(),
            dbname=database or self.database,
        )
