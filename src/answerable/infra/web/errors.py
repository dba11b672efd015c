"""What can be wrong with a request before anybody looks at what it asks for."""

from answerable.infra.errors import AnswerableError, Kind


class BodyMalformed(AnswerableError):
    """The body is not JSON."""

    code = "web.body_malformed"
    kind = Kind.INVALID
    remedy = "Send one JSON object in UTF-8."


class BodyTooLarge(AnswerableError):
    """The body is larger than a request may be."""

    code = "web.body_too_large"
    kind = Kind.INVALID
    remedy = "Send less at once: a body has at most 1 MB."


class ContentTypeUnsupported(AnswerableError):
    """The body is of a type that is not read here."""

    code = "web.content_type_unsupported"
    kind = Kind.INVALID
    remedy = "Send JSON with the header `Content-Type: application/json`."


class RequestInvalid(AnswerableError):
    """The request does not have the form that is asked for."""

    code = "web.request_invalid"
    kind = Kind.INVALID
    remedy = "Correct the fields named under `fields`."


class RouteUnknown(AnswerableError):
    """There is nothing at this address."""

    code = "web.route_unknown"
    kind = Kind.NOT_FOUND
    remedy = "Check the address and its spelling."


class MethodNotAllowed(AnswerableError):
    """This address does not know that method."""

    code = "web.method_not_allowed"
    kind = Kind.INVALID
    remedy = "Use one of the methods named in the header `Allow`."


class RequestRefused(AnswerableError):
    """The request was refused."""

    code = "web.request_refused"
    kind = Kind.INVALID
    remedy = "Look for the request id in the log and report it."


class Draining(AnswerableError):
    """This process is about to stop and takes nothing new."""

    code = "web.draining"
    kind = Kind.UNAVAILABLE
    remedy = "Ask again in a moment; another process will answer."
