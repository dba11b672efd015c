"""What can go wrong with a drill before it begins."""

from answerable.infra.errors import AnswerableError, Kind


class DrillRunning(AnswerableError):
    """Another drill runs on this database server, and both would clear the other's copies away."""

    code = "drill.running"
    kind = Kind.CONFLICT
    remedy = "Wait until it has ended, which takes about half a minute."
