"""What can go wrong while embedding, with its remedy."""

from answerable.infra.errors import AnswerableError, Kind


class EmbeddingUnavailable(AnswerableError):
    """The embedding process does not answer, so search by meaning is off."""

    code = "embedding.unavailable"
    kind = Kind.UNAVAILABLE
    remedy = (
        "Run `answerable doctor`: it says whether the model is installed for this machine and starts it. "
        "Search by words works meanwhile."
    )
