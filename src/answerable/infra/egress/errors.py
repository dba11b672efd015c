"""What can go wrong on the way out. Details name host and port only: paths and queries carry secrets."""

from answerable.infra.errors import AnswerableError, Kind


class UrlRefused(AnswerableError):
    """The address is not one that may be called."""

    code = "egress.url_refused"
    kind = Kind.INVALID
    remedy = "Give an https address without user name or password, on a port that the platform allows."


class HostNotAllowed(AnswerableError):
    """The host is not on the list of hosts that may be called."""

    code = "egress.host_not_allowed"
    kind = Kind.FORBIDDEN
    remedy = "Ask the platform's staff to add the host to the allowed hosts."


class AddressRefused(AnswerableError):
    """The host's name leads to an address that may not be called."""

    code = "egress.address_refused"
    kind = Kind.FORBIDDEN
    remedy = (
        "Check the host's DNS entry. For a server in a private network the platform's staff must name its "
        "host and port; cloud metadata addresses are never called."
    )


class RedirectRefused(AnswerableError):
    """The server sent the request on to where it may not go, or too often."""

    code = "egress.redirect_refused"
    kind = Kind.UNAVAILABLE
    remedy = "Use the address that the server redirects to, over https."


class TlsRefused(AnswerableError):
    """The server's certificate or its version of TLS cannot be trusted."""

    code = "egress.tls_refused"
    kind = Kind.UNAVAILABLE
    remedy = (
        "Renew the server's certificate, check that it names the host, and offer TLS 1.2 or later. For a "
        "private authority, give its certificate to the platform's staff."
    )


class TimedOut(AnswerableError):
    """The server did not answer in time."""

    code = "egress.timed_out"
    kind = Kind.UNAVAILABLE
    remedy = "Try again later; if it stays so, ask whoever runs the server."


class ConnectionFailed(AnswerableError):
    """The server cannot be reached or does not speak HTTP properly."""

    code = "egress.connection_failed"
    kind = Kind.UNAVAILABLE
    remedy = "Check that the host's name is right and that the server runs, then try again."


class ResponseTooLarge(AnswerableError):
    """The server's answer is larger than allowed."""

    code = "egress.response_too_large"
    kind = Kind.LIMITED
    remedy = "Ask the server for less, or ask the platform's staff to raise the limit."
