"""The JSON of a contact's messages: what comes in and what goes out."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import UUID4, UUID7, BaseModel, ConfigDict, Field

from answerable.conversations import ConversationId, MessageId, Rating
from answerable.conversations.values import MAX_TEXT, Author, Delivery, Handler, Status
from answerable.knowledge.values import Language

LARGEST_POSITION: Final = 2**31 - 1


class PostedMessage(BaseModel):
    """A message as a contact sends it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The length stands in the schema and is checked by the domain, whose error says what to do.
    text: str = Field(description="What the contact writes.", json_schema_extra={"maxLength": MAX_TEXT})
    # Only kinds of UUID that cannot be guessed: whoever repeats the id of a conversation's first message gets
    # that conversation's token, since the answer to it may have been lost on the way.
    client_id: UUID4 | UUID7 = Field(
        description="A UUID of version 4 or 7, made by the sender at random and kept to itself; "
        "sent again, it is the same message."
    )
    conversation_id: UUID | None = Field(default=None, description="Left out to begin a conversation.")
    language: Language | None = Field(
        default=None, description="The page's language; it counts where the text does not tell its own."
    )
    wants_person: bool = Field(default=False, description="Whether the contact asks for a person.")
    email: str | None = Field(default=None, max_length=254, description="Where an answer can reach them.")
    name: str | None = Field(default=None, max_length=500, description="What the contact is called.")
    page_url: str | None = Field(
        default=None, max_length=4_000, description="The page they write from; its query is not kept."
    )


class AcceptedMessage(BaseModel):
    """A message that is stored and will be answered."""

    model_config = ConfigDict(frozen=True)

    conversation_id: ConversationId
    message_id: MessageId
    conversation_token: str = Field(description="To be sent in the header `Answerable-Conversation`.")


class MessagesAfter(BaseModel):
    """Which messages a contact asks for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation_id: UUID
    after: Annotated[int, Field(ge=0, le=LARGEST_POSITION)] = Field(
        default=0, description="The position of the last message that the contact knows."
    )


class ShownCitation(BaseModel):
    """What a message quotes, as a contact sees it."""

    model_config = ConfigDict(frozen=True)

    citation_id: UUID = Field(description="Opens the passage around the quote.")
    title: str
    version: int
    language: Language
    quote: str


class ShownMessage(BaseModel):
    """A message as a contact sees it."""

    model_config = ConfigDict(frozen=True)

    message_id: MessageId
    position: int
    author: Author
    text: str | None = Field(description="Null once it has been erased.")
    delivery: Delivery
    created_at: datetime
    client_id: str | None = Field(description="The sender's own, of a contact's message.")
    citations: tuple[ShownCitation, ...] = ()
    rating: Rating | None = Field(description="What the contact thought of it last.")


class ShownState(BaseModel):
    """Where a conversation stands, as its contact sees it."""

    model_config = ConfigDict(frozen=True)

    conversation_id: ConversationId
    status: Status
    handler: Handler
    people_here: bool = Field(description="Whether a member has done anything in the last five minutes.")
    address_asked: bool = Field(description="Whether the contact was asked for an address and gave none yet.")


class ShownConversation(ShownState):
    """A conversation as its contact sees it, with the messages that are new."""

    messages: tuple[ShownMessage, ...]


class PostedTyping(BaseModel):
    """That a contact types."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation_id: UUID


class PostedRating(BaseModel):
    """What a contact thinks of a message."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation_id: UUID
    message_id: UUID
    rating: Rating
    reason: str | None = Field(default=None, json_schema_extra={"maxLength": MAX_TEXT})


class WantedPassage(BaseModel):
    """Whose conversation a passage is quoted in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conversation_id: UUID


class ShownPassage(BaseModel):
    """A quote with the passage that it stands in."""

    model_config = ConfigDict(frozen=True)

    title: str
    version: int
    language: Language
    quote: str
    before: str = Field(description="What stands before the quote; empty once the document was deleted.")
    after: str
    headings: tuple[str, ...]
    since: datetime | None = Field(description="Since when this version has been there.")
    is_current: bool = Field(description="Whether the document still says so today.")
    is_deleted: bool = Field(description="Whether only the quote is left, as the record keeps it.")


class ShownWorkspace(BaseModel):
    """What the chat shows of a workspace before anybody writes."""

    model_config = ConfigDict(frozen=True)

    name: str
    language: Language
    brand_colour: str
    people_here: bool
    answer_hours: int
    disclosure: dict[Language, str] = Field(description="That an AI answers, in each language.")
