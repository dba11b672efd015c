"""What can go wrong with conversations and messages."""

from answerable.infra.errors import AnswerableError, Kind


class ConversationNotFound(AnswerableError):
    """There is no such conversation."""

    code = "conversations.conversation_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Check the identifier; `answerable conversation list` shows those that exist."


class MessageTooLong(AnswerableError):
    """A message has at most 8,000 characters."""

    code = "conversations.message_too_long"
    kind = Kind.INVALID
    remedy = "Shorten the message or send it in parts."


class MessageNotText(AnswerableError):
    """A message must be text; this one cannot be stored."""

    code = "conversations.message_not_text"
    kind = Kind.INVALID
    remedy = "Send Unicode text without lone surrogates."


class ConversationClosed(AnswerableError):
    """This conversation is closed."""

    code = "conversations.conversation_closed"
    kind = Kind.CONFLICT
    remedy = "Begin a new one."


class ClientIdInvalid(AnswerableError):
    """A message's client id is a UUID of version 4 or 7, in its usual spelling."""

    code = "conversations.client_id_invalid"
    kind = Kind.INVALID
    remedy = "Make a random UUID for each message, and send the same one again when you retry."


class MessageNotFound(AnswerableError):
    """There is no such message in this conversation."""

    code = "conversations.message_not_found"
    kind = Kind.NOT_FOUND
    remedy = "Rate a message that was sent to the contact in this conversation."


class AddressInvalid(AnswerableError):
    """That is no e-mail address."""

    code = "conversations.address_invalid"
    kind = Kind.INVALID
    remedy = "Give an address such as `anna@example.com`."
