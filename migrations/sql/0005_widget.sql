-- The chat on a company's page: where it may stand, how it looks, what contacts say beside their messages.

ALTER TABLE tenant
    ADD COLUMN widget_origins text[] NOT NULL DEFAULT '{}'::text[],
    ADD COLUMN brand_colour text NOT NULL DEFAULT '#1f4b3f',
    ADD CONSTRAINT ck_tenant_widget_origins_few CHECK (cardinality(widget_origins) <= 50),
    ADD CONSTRAINT ck_tenant_brand_colour_form CHECK (brand_colour ~ '^#[0-9a-f]{6}$');
COMMENT ON COLUMN tenant.widget_origins IS 'Origins whose pages may carry the chat.';
COMMENT ON COLUMN tenant.brand_colour IS 'The colour of the chat''s head, legible under white.';
GRANT SELECT (widget_origins) ON tenant TO answerable_system;

ALTER TABLE message ADD COLUMN wants_person boolean DEFAULT false NOT NULL;
COMMENT ON COLUMN message.wants_person IS 'Whether the contact asked for a person by the button made for it.';

-- Not valid first: the old constraint held, so nothing can break the wider one, and the check of the rows
-- afterwards does not keep writers waiting.
ALTER TABLE contact_address
    DROP CONSTRAINT ck_contact_address_kind_known,
    ADD CONSTRAINT ck_contact_address_kind_known CHECK (kind IN ('email', 'name', 'page')) NOT VALID;
ALTER TABLE contact_address VALIDATE CONSTRAINT ck_contact_address_kind_known;
COMMENT ON TABLE contact_address IS 'How contacts can be reached, what they are called, from which page they wrote.';
CREATE INDEX ix_contact_address_newest ON contact_address (tenant_id, contact_id, kind, id DESC);

CREATE TABLE message_rating (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    message_id UUID NOT NULL,
    rating TEXT NOT NULL,
    reason_sealed BYTEA,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_message_rating PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_message_rating_tenant_id_message_id FOREIGN KEY(tenant_id, message_id) REFERENCES message (tenant_id, id),
    CONSTRAINT ck_message_rating_rating_known CHECK (rating IN ('helped', 'did_not_help'))
);
CREATE INDEX ix_message_rating_newest ON message_rating (tenant_id, message_id, id DESC);
COMMENT ON TABLE message_rating IS 'What contacts thought of messages; of several on one message the newest counts.';
COMMENT ON COLUMN message_rating.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN message_rating.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN message_rating.message_id IS 'The message.';
COMMENT ON COLUMN message_rating.rating IS 'Whether it helped.';
COMMENT ON COLUMN message_rating.reason_sealed IS 'Why, in the contact''s words, sealed; absent when they gave none.';
COMMENT ON COLUMN message_rating.created_at IS 'When it was given.';

CALL guard_tenant_table('message_rating', 'SELECT, INSERT');
CALL guard_sealed_column('message_rating', 'reason_sealed');
