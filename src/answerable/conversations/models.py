"""The tables of contacts, their addresses, conversations and messages."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from answerable.infra.tables import (
    Base,
    Category,
    Retention,
    id_column,
    keyed_token,
    operation,
    refers_to,
    sealed,
    tenant_column,
)


class ContactRow(Base):
    """The person who writes: nothing but an identifier, everything else hangs on it and is sealed."""

    __tablename__ = "contact"
    __table_args__ = ({"comment": "People who write or call: the data subjects."},)

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="First contact.", info=operation("bookkeeping")
    )


class ContactAddressRow(Base):
    """One way to reach a contact; a changed address is a new row, since a sealed value is written once."""

    __tablename__ = "contact_address"
    __table_args__ = (
        refers_to("contact_id", "contact"),
        UniqueConstraint("tenant_id", "contact_id", "kind", "value_token", name="uq_contact_address_value"),
        Index("ix_contact_address_value_token", "tenant_id", "kind", "value_token"),
        Index("ix_contact_address_newest", "tenant_id", "contact_id", "kind", text("id DESC")),
        CheckConstraint("kind IN ('email', 'name', 'page')", name="kind_known"),
        {"comment": "How contacts can be reached, what they are called, from which page they wrote."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    contact_id: Mapped[UUID] = mapped_column(comment="Whose address it is.", info=operation("linking"))
    kind: Mapped[str] = mapped_column(Text, comment="What sort of address.", info=operation("routing"))
    value_sealed: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="The address, sealed.",
        info=sealed("reaching the contact", category=Category.IDENTITY, retention=Retention.CONVERSATION),
    )
    value_token: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="Keyed digest that finds the address.",
        info=keyed_token("finding a contact again", retention=Retention.CONVERSATION),
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it was given.", info=operation("bookkeeping")
    )


class ConversationRow(Base):
    """A conversation; its row lock is the order in which takeovers, turns and messages take effect."""

    __tablename__ = "conversation"
    __table_args__ = (
        refers_to("contact_id", "contact"),
        refers_to("assignee_id", "member"),
        CheckConstraint("channel IN ('web', 'command_line', 'playground')", name="channel_known"),
        CheckConstraint("status IN ('open', 'waiting', 'closed')", name="status_known"),
        CheckConstraint("handler IN ('assistant', 'people')", name="handler_known"),
        CheckConstraint("(status = 'waiting') = (waiting_since IS NOT NULL)", name="waiting_has_a_start"),
        UniqueConstraint("tenant_id", "client_id", name="uq_conversation_client_id"),
        Index("ix_conversation_status", "tenant_id", "status", "waiting_since", "id"),
        Index("ix_conversation_newest", "tenant_id", "status", "last_message_at", "id"),
        Index("ix_conversation_contact_id", "tenant_id", "contact_id"),
        Index(
            "ix_conversation_playground",
            "tenant_id",
            text("id DESC"),
            postgresql_where=text("channel = 'playground'"),
        ),
        {"comment": "Conversations with contacts."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    contact_id: Mapped[UUID] = mapped_column(comment="With whom.", info=operation("linking"))
    channel: Mapped[str] = mapped_column(Text, comment="Where.", info=operation("routing"))
    status: Mapped[str] = mapped_column(Text, comment="Where it stands.", info=operation("work list"))
    handler: Mapped[str] = mapped_column(Text, comment="Who answers.", info=operation("work list"))
    assignee_id: Mapped[UUID | None] = mapped_column(
        comment="The member who took it over; absent while nobody has.", info=operation("work list")
    )
    turn_epoch: Mapped[int] = mapped_column(
        Integer,
        comment="Raised by a takeover; a turn of another epoch may not speak.",
        info=operation("order"),
    )
    client_id: Mapped[str] = mapped_column(
        Text, comment="The sender's own identifier of its first message.", info=operation("idempotency")
    )
    last_position: Mapped[int] = mapped_column(
        Integer, comment="Position of the newest message.", info=operation("order")
    )
    language: Mapped[str | None] = mapped_column(
        Text, comment="Language of the contact, once known.", info=operation("texts")
    )
    disclosed_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When the contact was told that an AI answers; absent before.",
        info=operation("evidence of disclosure"),
    )
    address_asked_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="When the contact was asked for an address; absent before and once given.",
        info=operation("work list"),
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="Begin.", info=operation("bookkeeping")
    )
    waiting_since: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True), comment="Since when it waits for a person.", info=operation("work list")
    )
    last_message_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        server_default=text("now()"),
        comment="When its newest message was stored.",
        info=operation("work list"),
    )


class MessageRow(Base):
    """One message; its text is sealed and is never changed, only erased with its contact's key."""

    __tablename__ = "message"
    __table_args__ = (
        refers_to("conversation_id", "conversation"),
        refers_to("member_id", "member"),
        refers_to("draft_id", "message"),
        UniqueConstraint("tenant_id", "conversation_id", "position", name="uq_message_position"),
        # A draft is said once.
        Index(
            "uq_message_draft_id",
            "tenant_id",
            "draft_id",
            unique=True,
            postgresql_where=text("draft_id IS NOT NULL"),
        ),
        Index(
            "ix_message_withheld",
            "tenant_id",
            "conversation_id",
            postgresql_where=text("delivery = 'withheld'"),
        ),
        Index(
            "uq_message_client_id",
            "tenant_id",
            "conversation_id",
            "client_id",
            unique=True,
            postgresql_where=text("client_id IS NOT NULL"),
        ),
        CheckConstraint("author IN ('contact', 'assistant', 'member')", name="author_known"),
        CheckConstraint(
            "delivery IN ('received', 'delivered', 'withheld', 'sent', 'replaced', 'discarded', 'withdrawn')",
            name="delivery_known",
        ),
        CheckConstraint(
            "author = 'assistant' OR delivery IN ('received', 'delivered')", name="drafts_are_the_assistants"
        ),
        CheckConstraint("draft_id IS NULL OR author = 'member'", name="members_say_drafts"),
        CheckConstraint("(author = 'member') = (member_id IS NOT NULL)", name="member_is_named"),
        CheckConstraint("(author = 'contact') = (delivery = 'received')", name="contacts_are_received"),
        {"comment": "Messages of conversations."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    conversation_id: Mapped[UUID] = mapped_column(comment="Where it belongs.", info=operation("linking"))
    position: Mapped[int] = mapped_column(Integer, comment="Order, from 1.", info=operation("order"))
    author: Mapped[str] = mapped_column(Text, comment="Who wrote it.", info=operation("display"))
    member_id: Mapped[UUID | None] = mapped_column(
        comment="The member who wrote it; absent for others.", info=operation("display")
    )
    text_sealed: Mapped[bytes] = mapped_column(
        LargeBinary,
        comment="The text, sealed.",
        info=sealed("the conversation", retention=Retention.CONVERSATION),
    )
    language: Mapped[str | None] = mapped_column(
        Text, comment="Language of an outgoing text.", info=operation("texts")
    )
    client_id: Mapped[str | None] = mapped_column(
        Text,
        comment="The sender's own identifier: the same one twice is one message.",
        info=operation("idempotency"),
    )
    wants_person: Mapped[bool] = mapped_column(
        Boolean,
        server_default=text("false"),
        comment="Whether the contact asked for a person by the button made for it.",
        info=operation("handoff"),
    )
    delivery: Mapped[str] = mapped_column(Text, comment="What became of it.", info=operation("delivery"))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it was stored.", info=operation("bookkeeping")
    )
    draft_id: Mapped[UUID | None] = mapped_column(
        comment="The assistant's draft that a member said with it; absent otherwise.",
        info=operation("linking"),
    )


class MessageRatingRow(Base):
    """What a contact thought of a message; a changed mind is a new row."""

    __tablename__ = "message_rating"
    __table_args__ = (
        refers_to("message_id", "message"),
        CheckConstraint("rating IN ('helped', 'did_not_help')", name="rating_known"),
        Index("ix_message_rating_newest", "tenant_id", "message_id", text("id DESC")),
        {"comment": "What contacts thought of messages; of several on one message the newest counts."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    id: Mapped[UUID] = id_column()
    message_id: Mapped[UUID] = mapped_column(comment="The message.", info=operation("linking"))
    rating: Mapped[str] = mapped_column(Text, comment="Whether it helped.", info=operation("quality"))
    reason_sealed: Mapped[bytes | None] = mapped_column(
        LargeBinary,
        comment="Why, in the contact's words, sealed; absent when they gave none.",
        info=sealed("quality", retention=Retention.CONVERSATION),
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), comment="When it was given.", info=operation("bookkeeping")
    )


class ConversationSeenRow(Base):
    """How far a member has read a conversation."""

    __tablename__ = "conversation_seen"
    __table_args__ = (
        refers_to("conversation_id", "conversation"),
        refers_to("member_id", "member"),
        Index("ix_conversation_seen_member", "tenant_id", "member_id", "seen_at"),
        {"comment": "How far each member has read each conversation."},
    )

    tenant_id: Mapped[UUID] = tenant_column()
    conversation_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="The conversation.", info=operation("work list", retention=Retention.MEMBER)
    )
    member_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="The member.", info=operation("work list", retention=Retention.MEMBER)
    )
    position: Mapped[int] = mapped_column(
        Integer,
        comment="The newest message that the member has had before them.",
        info=operation("work list", retention=Retention.MEMBER),
    )
    seen_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="When they last had the conversation before them.",
        info=operation("work list", retention=Retention.MEMBER),
    )


class PresenceRow(Base):
    """That a member has a conversation before them; it expires by itself."""

    __tablename__ = "presence"
    __table_args__ = (
        refers_to("conversation_id", "conversation"),
        refers_to("member_id", "member"),
        Index("ix_presence_member", "tenant_id", "member_id"),
        {
            "comment": "Which members have which conversation before them, for half a minute at a time.",
            # It says what is true for seconds, and is empty after a crash, which is then the truth.
            "prefixes": ["UNLOGGED"],
        },
    )

    tenant_id: Mapped[UUID] = tenant_column()
    conversation_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="The conversation.", info=operation("collisions", retention=Retention.SHORT)
    )
    member_id: Mapped[UUID] = mapped_column(
        primary_key=True, comment="The member.", info=operation("collisions", retention=Retention.SHORT)
    )
    present_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True),
        comment="The last sign that they are there.",
        info=operation("collisions", retention=Retention.SHORT),
    )
    typing_at: Mapped[datetime | None] = mapped_column(
        DateTime(timezone=True),
        comment="The last sign that they type; absent when they do not.",
        info=operation("collisions", retention=Retention.SHORT),
    )
