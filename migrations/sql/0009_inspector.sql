-- Conversations that a member has with the assistant to try it out.

-- Not valid first: the old constraint held, so nothing can break the wider one, and the check of the rows
-- afterwards does not keep writers waiting.
ALTER TABLE conversation
    DROP CONSTRAINT ck_conversation_channel_known,
    ADD CONSTRAINT ck_conversation_channel_known
        CHECK (channel IN ('web', 'command_line', 'playground')) NOT VALID;

ALTER TABLE conversation VALIDATE CONSTRAINT ck_conversation_channel_known;

-- The questions of the playground, newest first.
CREATE INDEX ix_conversation_playground ON conversation (tenant_id, id DESC) WHERE channel = 'playground';
