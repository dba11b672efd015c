-- Who asks: the one function that every policy calls. A reused connection leaves '' rather than NULL behind.
CREATE FUNCTION app_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.tenant_id', true), '')::uuid $$;
COMMENT ON FUNCTION app_tenant IS 'The tenant of this transaction; NULL, and so no row, when none was named.';

-- The one way in which a table of tenants' rows gets its policy and its grants.
CREATE PROCEDURE guard_tenant_table(guarded regclass, rights text)
LANGUAGE plpgsql
AS $$
BEGIN
    IF obj_description(guarded, 'pg_class') IS NULL THEN
        RAISE EXCEPTION 'Table % has no comment.', guarded;
    END IF;
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format(
        'CREATE POLICY tenant ON %s USING (tenant_id = (SELECT app_tenant()))'
        ' WITH CHECK (tenant_id = (SELECT app_tenant()))',
        guarded
    );
    EXECUTE format('GRANT %s ON %s TO answerable_app', rights, guarded);
END
$$;
REVOKE ALL ON PROCEDURE guard_tenant_table FROM PUBLIC;

-- A sealed value is encrypted under a key used once, so it is written once: it may go, never change.
CREATE FUNCTION refuse_resealing() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (to_jsonb(NEW) ->> TG_ARGV[0]) IS DISTINCT FROM (to_jsonb(OLD) ->> TG_ARGV[0])
        AND (to_jsonb(NEW) ->> TG_ARGV[0]) IS NOT NULL
    THEN
        RAISE EXCEPTION 'Column % of % is sealed and written once.', TG_ARGV[0], TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE PROCEDURE guard_sealed_column(guarded regclass, sealed_column name)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER %I BEFORE UPDATE OF %I ON %s FOR EACH ROW EXECUTE FUNCTION refuse_resealing(%L)',
        'sealed_once_' || sealed_column, sealed_column, guarded, sealed_column
    );
END
$$;
REVOKE ALL ON PROCEDURE guard_sealed_column FROM PUBLIC;

-- For whoever is not held back by grants: the owner, and a superuser who does not take the triggers off first.
CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION 'Table % is append only: % refused.', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE PROCEDURE guard_append_only(guarded regclass)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format(
        'CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON %s'
        ' FOR EACH ROW EXECUTE FUNCTION refuse_change()',
        guarded
    );
    -- TRUNCATE fires no row trigger, so it needs one of its own.
    EXECUTE format(
        'CREATE TRIGGER append_only_table BEFORE TRUNCATE ON %s'
        ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
        guarded
    );
    -- Otherwise session_replication_role = replica would pass them by.
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only_rows', guarded);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only_table', guarded);
END
$$;
REVOKE ALL ON PROCEDURE guard_append_only FROM PUBLIC;

GRANT USAGE ON SCHEMA public TO answerable_app, answerable_system;
GRANT EXECUTE ON FUNCTION app_tenant() TO answerable_app, answerable_system;
COMMENT ON TABLE alembic_version IS 'Which migration this schema stands at.';
GRANT SELECT ON alembic_version TO answerable_app, answerable_system;

CREATE TABLE tenant (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    posture TEXT NOT NULL,
    answer_hours SMALLINT NOT NULL,
    public_key TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_tenant PRIMARY KEY (tenant_id),
    CONSTRAINT ck_tenant_slug_form CHECK (slug ~ '^[a-z][a-z0-9-]{1,39}$'),
    CONSTRAINT ck_tenant_language_known CHECK (language IN ('de', 'en')),
    CONSTRAINT ck_tenant_posture_known CHECK (posture IN ('auto', 'draft', 'off')),
    CONSTRAINT ck_tenant_answer_hours_range CHECK (answer_hours BETWEEN 1 AND 720),
    CONSTRAINT uq_tenant_slug UNIQUE (slug),
    CONSTRAINT uq_tenant_public_key UNIQUE (public_key)
);
COMMENT ON TABLE tenant IS 'The customer companies of this installation; the isolation boundary.';
COMMENT ON COLUMN tenant.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN tenant.slug IS 'Short name in addresses and commands.';
COMMENT ON COLUMN tenant.name IS 'Name as contacts see it.';
COMMENT ON COLUMN tenant.language IS 'Its own language.';
COMMENT ON COLUMN tenant.posture IS 'What the assistant may do by itself.';
COMMENT ON COLUMN tenant.answer_hours IS 'Within how many hours people answer.';
COMMENT ON COLUMN tenant.public_key IS 'Names the tenant to the widget''s endpoints; not a secret.';
COMMENT ON COLUMN tenant.created_at IS 'Creation.';

CREATE TABLE tenant_key (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    generation INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    dirty_at TIMESTAMP WITH TIME ZONE,
    retired_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_tenant_key PRIMARY KEY (tenant_id, generation),
    CONSTRAINT ck_tenant_key_generation_positive CHECK (generation > 0)
);
CREATE UNIQUE INDEX ix_tenant_key_current ON tenant_key (tenant_id) WHERE retired_at IS NULL;
COMMENT ON TABLE tenant_key IS 'Generations of a tenant''s key; the keys are files outside the database.';
COMMENT ON COLUMN tenant_key.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN tenant_key.generation IS 'Counts rotations, from 1; names the key file.';
COMMENT ON COLUMN tenant_key.created_at IS 'When it began to wrap new subject keys.';
COMMENT ON COLUMN tenant_key.dirty_at IS 'When a key that it wraps was first destroyed; the next rotation ends it.';
COMMENT ON COLUMN tenant_key.retired_at IS 'When a newer generation took over; exactly one generation of a tenant is not retired.';

CREATE TABLE subject_key (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    data_class TEXT NOT NULL,
    epoch DATE NOT NULL,
    generation INTEGER NOT NULL,
    wrapped BYTEA,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    destroyed_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_subject_key PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_subject_key_tenant_id_subject_kind_subject_id_data_c_c6af UNIQUE (tenant_id, subject_kind, subject_id, data_class, epoch),
    CONSTRAINT fk_subject_key_tenant_id_generation FOREIGN KEY(tenant_id, generation) REFERENCES tenant_key (tenant_id, generation),
    CONSTRAINT ck_subject_key_destroyed_is_empty CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)),
    CONSTRAINT ck_subject_key_subject_kind_known CHECK (subject_kind IN ('contact', 'member')),
    CONSTRAINT ck_subject_key_data_class_known CHECK (data_class IN ('conversation', 'identity', 'record', 'staff')),
    CONSTRAINT ck_subject_key_epoch_begins_a_month CHECK (extract(day FROM epoch) = 1)
);
CREATE INDEX ix_subject_key_tenant_id_generation ON subject_key (tenant_id, generation);
COMMENT ON TABLE subject_key IS 'Keys of data subjects, wrapped; destroying one erases what it sealed.';
COMMENT ON COLUMN subject_key.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN subject_key.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN subject_key.subject_kind IS 'Contact or member.';
COMMENT ON COLUMN subject_key.subject_id IS 'Whose content it seals: the contact or the member.';
COMMENT ON COLUMN subject_key.data_class IS 'Which sort of content it seals.';
COMMENT ON COLUMN subject_key.epoch IS 'First day of the month (UTC) in which it seals.';
COMMENT ON COLUMN subject_key.generation IS 'The generation of the tenant''s key that wraps it.';
COMMENT ON COLUMN subject_key.wrapped IS 'The key, encrypted under the tenant''s key; NULL once destroyed.';
COMMENT ON COLUMN subject_key.created_at IS 'When it was made.';
COMMENT ON COLUMN subject_key.destroyed_at IS 'When it was destroyed.';

CREATE TABLE member (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    role TEXT NOT NULL,
    email_sealed BYTEA NOT NULL,
    email_token BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_member PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_member_tenant_id FOREIGN KEY(tenant_id) REFERENCES tenant (tenant_id),
    CONSTRAINT uq_member_email_token UNIQUE (tenant_id, email_token),
    CONSTRAINT ck_member_role_known CHECK (role IN ('owner', 'admin', 'privacy_officer', 'auditor', 'responder', 'viewer'))
);
COMMENT ON TABLE member IS 'People with a login in a tenant.';
COMMENT ON COLUMN member.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN member.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN member.role IS 'What the member may do.';
COMMENT ON COLUMN member.email_sealed IS 'E-mail address, sealed.';
COMMENT ON COLUMN member.email_token IS 'Keyed digest that finds the address.';
COMMENT ON COLUMN member.created_at IS 'Creation.';

CREATE TABLE audit_event (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    type TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    body BYTEA NOT NULL,
    leaf_hash BYTEA NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id UUID,
    conversation_id UUID,
    idem_key TEXT,
    CONSTRAINT pk_audit_event PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_audit_event_body_fits_a_bundle CHECK (octet_length(body) <= 65535),
    CONSTRAINT ck_audit_event_leaf_hash_is_of_body CHECK (leaf_hash = sha256('\x00'::bytea || body))
);
CREATE INDEX ix_audit_event_conversation ON audit_event (tenant_id, conversation_id, id);
CREATE INDEX ix_audit_event_subject ON audit_event (tenant_id, subject_kind, subject_id);
CREATE INDEX ix_audit_event_type ON audit_event (tenant_id, type, id);
CREATE UNIQUE INDEX uq_audit_event_idem_key ON audit_event (tenant_id, idem_key) WHERE idem_key IS NOT NULL;
COMMENT ON TABLE audit_event IS 'What happened, append only: the leaves of the tenant''s log.';
COMMENT ON COLUMN audit_event.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_event.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN audit_event.type IS 'Event type, see the audit events.';
COMMENT ON COLUMN audit_event.at IS 'When the operation ran, by its own clock.';
COMMENT ON COLUMN audit_event.body IS 'The canonical bytes; holds commitments, never content.';
COMMENT ON COLUMN audit_event.leaf_hash IS 'SHA-256 of a zero byte and the body (RFC 9162).';
COMMENT ON COLUMN audit_event.subject_kind IS 'What it is about.';
COMMENT ON COLUMN audit_event.subject_id IS 'The row that it is about.';
COMMENT ON COLUMN audit_event.actor_kind IS 'Who did it.';
COMMENT ON COLUMN audit_event.actor_id IS 'The member or key; absent for contacts, the assistant and the system.';
COMMENT ON COLUMN audit_event.conversation_id IS 'The conversation it belongs to, if any.';
COMMENT ON COLUMN audit_event.idem_key IS 'Same key, same event: a retry adds nothing.';

CREATE TABLE audit_queue (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    seq BIGINT GENERATED ALWAYS AS IDENTITY,
    event_id UUID NOT NULL,
    leaf_hash BYTEA NOT NULL,
    CONSTRAINT pk_audit_queue PRIMARY KEY (tenant_id, seq),
    CONSTRAINT fk_audit_queue_tenant_id_event_id FOREIGN KEY(tenant_id, event_id) REFERENCES audit_event (tenant_id, id)
);
COMMENT ON TABLE audit_queue IS 'Events waiting for their place in the tree, in commit-visible order.';
COMMENT ON COLUMN audit_queue.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_queue.seq IS 'Arrival.';
COMMENT ON COLUMN audit_queue.event_id IS 'The event.';
COMMENT ON COLUMN audit_queue.leaf_hash IS 'Its leaf.';

CREATE TABLE contact (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_contact PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE contact IS 'People who write or call: the data subjects.';
COMMENT ON COLUMN contact.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN contact.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN contact.created_at IS 'First contact.';

CREATE TABLE contact_address (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    contact_id UUID NOT NULL,
    kind TEXT NOT NULL,
    value_sealed BYTEA NOT NULL,
    value_token BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_contact_address PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_contact_address_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contact (tenant_id, id),
    CONSTRAINT uq_contact_address_value UNIQUE (tenant_id, contact_id, kind, value_token),
    CONSTRAINT ck_contact_address_kind_known CHECK (kind IN ('email'))
);
CREATE INDEX ix_contact_address_value_token ON contact_address (tenant_id, kind, value_token);
COMMENT ON TABLE contact_address IS 'How contacts can be reached.';
COMMENT ON COLUMN contact_address.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN contact_address.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN contact_address.contact_id IS 'Whose address it is.';
COMMENT ON COLUMN contact_address.kind IS 'What sort of address.';
COMMENT ON COLUMN contact_address.value_sealed IS 'The address, sealed.';
COMMENT ON COLUMN contact_address.value_token IS 'Keyed digest that finds the address.';
COMMENT ON COLUMN contact_address.created_at IS 'When it was given.';

CREATE TABLE conversation (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    contact_id UUID NOT NULL,
    channel TEXT NOT NULL,
    status TEXT NOT NULL,
    handler TEXT NOT NULL,
    assignee_id UUID,
    turn_epoch INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    last_position INTEGER NOT NULL,
    language TEXT,
    disclosed_at TIMESTAMP WITH TIME ZONE,
    address_asked_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    waiting_since TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_conversation PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_conversation_tenant_id_contact_id FOREIGN KEY(tenant_id, contact_id) REFERENCES contact (tenant_id, id),
    CONSTRAINT fk_conversation_tenant_id_assignee_id FOREIGN KEY(tenant_id, assignee_id) REFERENCES member (tenant_id, id),
    CONSTRAINT ck_conversation_channel_known CHECK (channel IN ('web', 'command_line')),
    CONSTRAINT ck_conversation_status_known CHECK (status IN ('open', 'waiting', 'closed')),
    CONSTRAINT ck_conversation_handler_known CHECK (handler IN ('assistant', 'people')),
    CONSTRAINT ck_conversation_waiting_has_a_start CHECK ((status = 'waiting') = (waiting_since IS NOT NULL)),
    CONSTRAINT uq_conversation_client_id UNIQUE (tenant_id, client_id)
);
CREATE INDEX ix_conversation_contact_id ON conversation (tenant_id, contact_id);
CREATE INDEX ix_conversation_status ON conversation (tenant_id, status, waiting_since, id);
COMMENT ON TABLE conversation IS 'Conversations with contacts.';
COMMENT ON COLUMN conversation.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN conversation.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN conversation.contact_id IS 'With whom.';
COMMENT ON COLUMN conversation.channel IS 'Where.';
COMMENT ON COLUMN conversation.status IS 'Where it stands.';
COMMENT ON COLUMN conversation.handler IS 'Who answers.';
COMMENT ON COLUMN conversation.assignee_id IS 'The member who took it over; absent while nobody has.';
COMMENT ON COLUMN conversation.turn_epoch IS 'Raised by a takeover; a turn of another epoch may not speak.';
COMMENT ON COLUMN conversation.client_id IS 'The sender''s own identifier of its first message.';
COMMENT ON COLUMN conversation.last_position IS 'Position of the newest message.';
COMMENT ON COLUMN conversation.language IS 'Language of the contact, once known.';
COMMENT ON COLUMN conversation.disclosed_at IS 'When the contact was told that an AI answers; absent before.';
COMMENT ON COLUMN conversation.address_asked_at IS 'When the contact was asked for an address; absent before and once given.';
COMMENT ON COLUMN conversation.created_at IS 'Begin.';
COMMENT ON COLUMN conversation.waiting_since IS 'Since when it waits for a person.';

CREATE TABLE message (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    position INTEGER NOT NULL,
    author TEXT NOT NULL,
    member_id UUID,
    text_sealed BYTEA NOT NULL,
    language TEXT,
    client_id TEXT,
    delivery TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_message PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_message_tenant_id_conversation_id FOREIGN KEY(tenant_id, conversation_id) REFERENCES conversation (tenant_id, id),
    CONSTRAINT fk_message_tenant_id_member_id FOREIGN KEY(tenant_id, member_id) REFERENCES member (tenant_id, id),
    CONSTRAINT uq_message_position UNIQUE (tenant_id, conversation_id, position),
    CONSTRAINT ck_message_author_known CHECK (author IN ('contact', 'assistant', 'member')),
    CONSTRAINT ck_message_delivery_known CHECK (delivery IN ('received', 'delivered', 'withheld')),
    CONSTRAINT ck_message_member_is_named CHECK ((author = 'member') = (member_id IS NOT NULL)),
    CONSTRAINT ck_message_contacts_are_received CHECK ((author = 'contact') = (delivery = 'received'))
);
CREATE UNIQUE INDEX uq_message_client_id ON message (tenant_id, conversation_id, client_id) WHERE client_id IS NOT NULL;
COMMENT ON TABLE message IS 'Messages of conversations.';
COMMENT ON COLUMN message.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN message.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN message.conversation_id IS 'Where it belongs.';
COMMENT ON COLUMN message.position IS 'Order, from 1.';
COMMENT ON COLUMN message.author IS 'Who wrote it.';
COMMENT ON COLUMN message.member_id IS 'The member who wrote it; absent for others.';
COMMENT ON COLUMN message.text_sealed IS 'The text, sealed.';
COMMENT ON COLUMN message.language IS 'Language of an outgoing text.';
COMMENT ON COLUMN message.client_id IS 'The sender''s own identifier: the same one twice is one message.';
COMMENT ON COLUMN message.delivery IS 'What became of it.';
COMMENT ON COLUMN message.created_at IS 'When it was stored.';

CALL guard_tenant_table('tenant', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('tenant_key', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('subject_key', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('member', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('audit_event', 'SELECT, INSERT');
CALL guard_tenant_table('audit_queue', 'SELECT, INSERT');
CALL guard_tenant_table('contact', 'SELECT, INSERT, DELETE');
CALL guard_tenant_table('contact_address', 'SELECT, INSERT, DELETE');
CALL guard_tenant_table('conversation', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('message', 'SELECT, INSERT, UPDATE');

CALL guard_sealed_column('member', 'email_sealed');
CALL guard_sealed_column('contact_address', 'value_sealed');
CALL guard_sealed_column('message', 'text_sealed');

CALL guard_append_only('audit_event');

-- What must be known before a tenant is: which tenants there are and by which names they are called.
GRANT SELECT (tenant_id, slug, name, public_key) ON tenant TO answerable_system;
CREATE POLICY before_a_tenant_is_known ON tenant FOR SELECT TO answerable_system USING (true);
