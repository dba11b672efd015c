-- The team's side of conversations: what becomes of drafts, how far members have read, who is there.

-- What a list needs to put the newest first without reading messages.
ALTER TABLE conversation ADD COLUMN last_message_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL;
COMMENT ON COLUMN conversation.last_message_at IS 'When its newest message was stored.';

-- The policies hold for the owner as well, who has no tenant: they are lifted while it fills the column in.
ALTER TABLE conversation NO FORCE ROW LEVEL SECURITY;
ALTER TABLE message NO FORCE ROW LEVEL SECURITY;
UPDATE conversation SET last_message_at = coalesce(
    (
        SELECT message.created_at FROM message
        WHERE message.tenant_id = conversation.tenant_id
            AND message.conversation_id = conversation.id
            AND message.position = conversation.last_position
    ),
    created_at
);
ALTER TABLE message FORCE ROW LEVEL SECURITY;
ALTER TABLE conversation FORCE ROW LEVEL SECURITY;

CREATE INDEX ix_conversation_newest ON conversation (tenant_id, status, last_message_at, id);

ALTER TABLE message ADD COLUMN draft_id UUID;
COMMENT ON COLUMN message.draft_id IS 'The assistant''s draft that a member said with it; absent otherwise.';

-- Not valid first: what was stored under the old constraint fits the wider one, and the check of the rows
-- afterwards does not keep writers waiting.
ALTER TABLE message
    DROP CONSTRAINT ck_message_delivery_known,
    ADD CONSTRAINT ck_message_delivery_known CHECK (
        delivery IN ('received', 'delivered', 'withheld', 'sent', 'replaced', 'discarded', 'withdrawn')
    ) NOT VALID,
    ADD CONSTRAINT ck_message_drafts_are_the_assistants CHECK (
        author = 'assistant' OR delivery IN ('received', 'delivered')
    ) NOT VALID,
    ADD CONSTRAINT ck_message_members_say_drafts CHECK (draft_id IS NULL OR author = 'member') NOT VALID,
    ADD CONSTRAINT fk_message_tenant_id_draft_id
        FOREIGN KEY(tenant_id, draft_id) REFERENCES message (tenant_id, id) NOT VALID;
ALTER TABLE message VALIDATE CONSTRAINT ck_message_delivery_known;
ALTER TABLE message VALIDATE CONSTRAINT ck_message_drafts_are_the_assistants;
ALTER TABLE message VALIDATE CONSTRAINT ck_message_members_say_drafts;
ALTER TABLE message VALIDATE CONSTRAINT fk_message_tenant_id_draft_id;

-- A draft is said once.
CREATE UNIQUE INDEX uq_message_draft_id ON message (tenant_id, draft_id) WHERE draft_id IS NOT NULL;
CREATE INDEX ix_message_withheld ON message (tenant_id, conversation_id) WHERE delivery = 'withheld';

CREATE TABLE conversation_seen (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    conversation_id UUID NOT NULL,
    member_id UUID NOT NULL,
    position INTEGER NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_conversation_seen PRIMARY KEY (tenant_id, conversation_id, member_id),
    CONSTRAINT fk_conversation_seen_tenant_id_conversation_id FOREIGN KEY(tenant_id, conversation_id) REFERENCES conversation (tenant_id, id),
    CONSTRAINT fk_conversation_seen_tenant_id_member_id FOREIGN KEY(tenant_id, member_id) REFERENCES member (tenant_id, id)
);
CREATE INDEX ix_conversation_seen_member ON conversation_seen (tenant_id, member_id, seen_at);
COMMENT ON TABLE conversation_seen IS 'How far each member has read each conversation.';
COMMENT ON COLUMN conversation_seen.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN conversation_seen.conversation_id IS 'The conversation.';
COMMENT ON COLUMN conversation_seen.member_id IS 'The member.';
COMMENT ON COLUMN conversation_seen.position IS 'The newest message that the member has had before them.';
COMMENT ON COLUMN conversation_seen.seen_at IS 'When they last had the conversation before them.';

-- Unlogged: it says what is true for seconds, and is empty after a crash, which is then the truth.
CREATE UNLOGGED TABLE presence (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    conversation_id UUID NOT NULL,
    member_id UUID NOT NULL,
    present_at TIMESTAMP WITH TIME ZONE NOT NULL,
    typing_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_presence PRIMARY KEY (tenant_id, conversation_id, member_id),
    CONSTRAINT fk_presence_tenant_id_conversation_id FOREIGN KEY(tenant_id, conversation_id) REFERENCES conversation (tenant_id, id),
    CONSTRAINT fk_presence_tenant_id_member_id FOREIGN KEY(tenant_id, member_id) REFERENCES member (tenant_id, id)
);
CREATE INDEX ix_presence_member ON presence (tenant_id, member_id);
COMMENT ON TABLE presence IS 'Which members have which conversation before them, for half a minute at a time.';
COMMENT ON COLUMN presence.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN presence.conversation_id IS 'The conversation.';
COMMENT ON COLUMN presence.member_id IS 'The member.';
COMMENT ON COLUMN presence.present_at IS 'The last sign that they are there.';
COMMENT ON COLUMN presence.typing_at IS 'The last sign that they type; absent when they do not.';

CALL guard_tenant_table('conversation_seen', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('presence', 'SELECT, INSERT, UPDATE, DELETE');
