"""What keeps a witness from starting."""

from answerable.infra.errors import AnswerableError, Kind


class LogsUnreadable(AnswerableError):
    """The file that names the logs which this witness knows cannot be used."""

    code = "witness.logs_unreadable"
    kind = Kind.INVALID
    remedy = (
        "Write one log a line: `log VKEY` for one log, or `logs PREFIX KEY` for all logs of an installation, "
        "whose names begin with PREFIX and whose public key is KEY in base64."
    )


class StateMissing(AnswerableError):
    """The witness has its key and no longer knows what it has seen, so it cosigns nothing."""

    code = "witness.state_missing"
    kind = Kind.UNAVAILABLE
    remedy = "Put `state.sqlite` back; if it is lost, begin with an empty folder, a new key and another name."


class StateUnreadable(AnswerableError):
    """The file with what the monitor has seen is not one that it wrote, so it looks at nothing."""

    code = "witness.state_unreadable"
    kind = Kind.UNAVAILABLE
    remedy = (
        "Put `seen.json` back from a backup. Only if it is lost: begin with an empty folder, register the new "
        "key, and compare the log's key with one that you kept."
    )


class MonitorUnreachable(AnswerableError):
    """The installation that is watched does not answer, so nothing was seen."""

    code = "witness.monitor_unreachable"
    kind = Kind.UNAVAILABLE
    remedy = "See that the address is right and answers; the monitor goes on from what it saw last."


class MonitorRefused(AnswerableError):
    """The installation does not show what the monitor asks for, so nothing was seen."""

    code = "witness.monitor_refused"
    kind = Kind.FORBIDDEN
    remedy = "Register the monitor with `answerable witness add`, and give it the token that this prints."
