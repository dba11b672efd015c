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
