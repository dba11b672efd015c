"""What can go wrong on the command line itself."""

from answerable.infra.errors import AnswerableError, Kind


class UsageWrong(AnswerableError):
    """The command is not written as it has to be."""

    code = "cli.usage_wrong"
    kind = Kind.INVALID
    remedy = "Run the same command with `--help` to see what it takes."


class SpanInvalid(AnswerableError):
    """A span is two numbers with a colon between them: the first character and one past the last."""

    code = "cli.span_invalid"
    kind = Kind.INVALID
    remedy = "Write it as in a citation, for example `--span 120:184`."


class ProcessesFailed(AnswerableError):
    """A part of the product ended again and again, so everything was stopped."""

    code = "cli.processes_failed"
    kind = Kind.UNAVAILABLE
    remedy = "Read the last lines of the log above, then run `answerable doctor`."


class NotReady(AnswerableError):
    """The web server did not become ready in time."""

    code = "cli.not_ready"
    kind = Kind.UNAVAILABLE
    remedy = "Read the last lines of the log above, then run `answerable doctor`."


class AddressUnusable(AnswerableError):
    """The web server cannot listen on this address."""

    code = "cli.address_unusable"
    kind = Kind.INVALID
    remedy = "Set ANSWERABLE_HOST to an address of this machine, and ANSWERABLE_PORT to a port you may use."


class NothingToImport(AnswerableError):
    """There is no file here that can be imported."""

    code = "cli.nothing_to_import"
    kind = Kind.INVALID
    remedy = "Name files or folders with PDF, Word, Markdown, text, HTML or CSV files, or addresses of pages."


class PortInUse(AnswerableError):
    """The port of the web server is taken."""

    code = "cli.port_in_use"
    kind = Kind.CONFLICT
    remedy = "Stop what listens there, or choose another port: ANSWERABLE_PORT=8801."


class FolderNotEmpty(AnswerableError):
    """There is something already where the export is to go."""

    code = "cli.folder_not_empty"
    kind = Kind.CONFLICT
    remedy = (
        "Name a folder that is empty or not there yet, or a file that ends with .zip and is not there yet."
    )
