"""What can go wrong with turns and their records."""

from answerable.infra.errors import AnswerableError, Kind


class QuoteWithdrawn(AnswerableError):
    """A document was changed or deleted while an answer was quoting it, so the answer was not sent."""

    code = "answering.quote_withdrawn"
    kind = Kind.CONFLICT
    remedy = "Nothing to do: the question is answered again from what is published now."


class QuestionNotFound(AnswerableError):
    """There is no such question without an answer."""

    code = "answering.question_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Load the list anew: only questions that were handed over for want of an answer stand in it."


class TurnNotFound(AnswerableError):
    """There is no such turn."""

    code = "answering.turn_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Check the identifier; `answerable conversation show` lists a conversation's turns."


class CitationNotFound(AnswerableError):
    """No message of this conversation quotes that."""

    code = "answering.citation_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Open a source from below the answer that quotes it."
