"""What can go wrong before a contact's request reaches a conversation."""

from answerable.infra.errors import AnswerableError, Kind


class KeyUnknown(AnswerableError):
    """No workspace has this key."""

    code = "widget.key_unknown"
    kind = Kind.UNAUTHENTICATED
    remedy = "Send the workspace's public key in the header `Answerable-Key`."


class OriginRefused(AnswerableError):
    """This workspace's chat may not stand on this page."""

    code = "widget.origin_refused"
    kind = Kind.FORBIDDEN
    remedy = "Add the page's origin, such as `https://www.example.com`, to the chat's origins under Settings."
