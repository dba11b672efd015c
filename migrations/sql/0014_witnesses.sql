-- Who besides the operator vouches for a log: witnesses, the root log that all heads go into, timestamps of it.

CREATE TABLE audit_witness (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    key TEXT NOT NULL,
    url TEXT,
    token_digest BYTEA,
    added_at TIMESTAMP WITH TIME ZONE NOT NULL,
    removed_at TIMESTAMP WITH TIME ZONE,
    asked_at TIMESTAMP WITH TIME ZONE,
    failure TEXT,
    CONSTRAINT pk_audit_witness PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_audit_witness_token_is_a_digest CHECK (octet_length(token_digest) = 32),
    CONSTRAINT ck_audit_witness_is_reached_one_way CHECK ((url IS NULL) <> (token_digest IS NULL))
);
CREATE UNIQUE INDEX uq_audit_witness_key ON audit_witness (tenant_id, key) WHERE removed_at IS NULL;
COMMENT ON TABLE audit_witness IS 'Who cosigns heads of a log besides its signer.';
COMMENT ON COLUMN audit_witness.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_witness.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN audit_witness.key IS 'Verifier key of its cosignatures, with its name.';
COMMENT ON COLUMN audit_witness.url IS 'Where heads are handed in; absent for one that fetches them itself.';
COMMENT ON COLUMN audit_witness.token_digest IS 'SHA-256 of the token with which it fetches heads and brings cosignatures.';
COMMENT ON COLUMN audit_witness.added_at IS 'When it was registered.';
COMMENT ON COLUMN audit_witness.removed_at IS 'When it was taken off; absent while it counts.';
COMMENT ON COLUMN audit_witness.asked_at IS 'When it was last asked, or last came by itself.';
COMMENT ON COLUMN audit_witness.failure IS 'Code of what went wrong then; absent when nothing did.';

CREATE TABLE audit_cosignature (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    generation INTEGER NOT NULL,
    size BIGINT NOT NULL,
    witness_id UUID NOT NULL,
    line TEXT NOT NULL,
    stated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_audit_cosignature PRIMARY KEY (tenant_id, generation, size, witness_id),
    CONSTRAINT fk_audit_cosignature_tenant_id_generation_size FOREIGN KEY(tenant_id, generation, size) REFERENCES audit_checkpoint (tenant_id, generation, size),
    CONSTRAINT fk_audit_cosignature_tenant_id_witness_id FOREIGN KEY(tenant_id, witness_id) REFERENCES audit_witness (tenant_id, id)
);
COMMENT ON TABLE audit_cosignature IS 'What witnesses have said of heads of a log.';
COMMENT ON COLUMN audit_cosignature.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_cosignature.generation IS 'Of which generation of the log.';
COMMENT ON COLUMN audit_cosignature.size IS 'Of which head.';
COMMENT ON COLUMN audit_cosignature.witness_id IS 'Whose it is.';
COMMENT ON COLUMN audit_cosignature.line IS 'The signature line (c2sp.org/tlog-cosignature).';
COMMENT ON COLUMN audit_cosignature.stated_at IS 'When, by the clock of the witness, as the line states.';

CREATE TABLE audit_quorum (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    threshold SMALLINT NOT NULL,
    CONSTRAINT pk_audit_quorum PRIMARY KEY (tenant_id),
    CONSTRAINT ck_audit_quorum_threshold_not_negative CHECK (threshold >= 0)
);
COMMENT ON TABLE audit_quorum IS 'How many witnesses must have cosigned for a head to count as witnessed by a quorum.';
COMMENT ON COLUMN audit_quorum.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_quorum.threshold IS 'So many; 0 asks for none.';

CREATE TABLE audit_root_entry (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    event_id UUID NOT NULL,
    body BYTEA NOT NULL,
    CONSTRAINT pk_audit_root_entry PRIMARY KEY (tenant_id, event_id),
    CONSTRAINT ck_audit_root_entry_body_fits_a_bundle CHECK (octet_length(body) <= 65535)
);
COMMENT ON TABLE audit_root_entry IS 'Entries of the root log: a blinded head of some log each.';
COMMENT ON COLUMN audit_root_entry.tenant_id IS 'The root log itself, which belongs to no tenant.';
COMMENT ON COLUMN audit_root_entry.event_id IS 'Identifier, UUIDv7, made by the signer.';
COMMENT ON COLUMN audit_root_entry.body IS 'The bytes that its leaf is the hash of: a label and a commitment.';

CREATE TABLE audit_label (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    key BYTEA NOT NULL,
    CONSTRAINT pk_audit_label PRIMARY KEY (tenant_id),
    CONSTRAINT ck_audit_label_key_is_one CHECK (octet_length(key) = 32)
);
COMMENT ON TABLE audit_label IS 'With which key a tenant recognises its own heads in the root log.';
COMMENT ON COLUMN audit_label.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_label.key IS 'The key: who has it sees which entries are this tenant''s, and changes none.';

CREATE TABLE audit_timestamp (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    generation INTEGER NOT NULL,
    size BIGINT NOT NULL,
    token BYTEA NOT NULL,
    stated_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_audit_timestamp PRIMARY KEY (tenant_id, generation, size),
    CONSTRAINT fk_audit_timestamp_tenant_id_generation_size FOREIGN KEY(tenant_id, generation, size) REFERENCES audit_checkpoint (tenant_id, generation, size)
);
COMMENT ON TABLE audit_timestamp IS 'Timestamps of heads by an authority (RFC 3161).';
COMMENT ON COLUMN audit_timestamp.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_timestamp.generation IS 'Of which generation of the log.';
COMMENT ON COLUMN audit_timestamp.size IS 'Of which head.';
COMMENT ON COLUMN audit_timestamp.token IS 'The authority''s answer, DER.';
COMMENT ON COLUMN audit_timestamp.stated_at IS 'When, by the clock of the authority.';

CALL guard_tenant_table('audit_witness', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('audit_cosignature', 'SELECT, INSERT');
CALL guard_tenant_table('audit_quorum', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('audit_root_entry', 'SELECT');
CALL guard_tenant_table('audit_label', 'SELECT');
CALL guard_tenant_table('audit_timestamp', 'SELECT, INSERT');
CALL guard_append_only('audit_cosignature');
CALL guard_append_only('audit_root_entry');
CALL guard_append_only('audit_label');
CALL guard_append_only('audit_timestamp');

-- The signer grows one tree itself, the root log's, and no tenant's.
CREATE PROCEDURE open_root_to_signer(opened regclass, rights text)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('DROP POLICY as_signer ON %s', opened);
    EXECUTE format('CREATE POLICY as_signer ON %s FOR SELECT TO answerable_signer USING (true)', opened);
    EXECUTE format(
        'CREATE POLICY as_signer_of_root ON %s TO answerable_signer USING (tenant_id = %L) WITH CHECK (tenant_id = %L)',
        opened, '00000000-0000-8000-8000-000000000000', '00000000-0000-8000-8000-000000000000'
    );
    EXECUTE format('GRANT %s ON %s TO answerable_signer', rights, opened);
END
$$;
REVOKE ALL ON PROCEDURE open_root_to_signer FROM PUBLIC;
CALL open_root_to_signer('audit_tree', 'INSERT, UPDATE');
CALL open_root_to_signer('audit_leaf', 'INSERT');
CALL open_root_to_signer('audit_tile', 'INSERT');
DROP PROCEDURE open_root_to_signer;
CALL open_to_service('audit_root_entry', 'answerable_signer', 'SELECT, INSERT');
CALL open_to_service('audit_label', 'answerable_signer', 'SELECT, INSERT');
