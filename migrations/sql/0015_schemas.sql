-- What entries of each type may hold, as the log itself declares: for whoever reads it without the program.

CREATE TABLE audit_schema (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    event_id UUID NOT NULL,
    digest BYTEA NOT NULL,
    body BYTEA NOT NULL,
    CONSTRAINT pk_audit_schema PRIMARY KEY (tenant_id, event_id, digest),
    CONSTRAINT ck_audit_schema_digest_is_of_body CHECK (digest = sha256(body))
);
CREATE INDEX ix_audit_schema_digest ON audit_schema (tenant_id, digest);
COMMENT ON TABLE audit_schema IS 'What entries of each type may hold, as the log itself declares.';
COMMENT ON COLUMN audit_schema.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_schema.event_id IS 'The event that declares it.';
COMMENT ON COLUMN audit_schema.digest IS 'SHA-256 of the schema.';
COMMENT ON COLUMN audit_schema.body IS 'The schema''s canonical bytes.';

CALL guard_tenant_table('audit_schema', 'SELECT, INSERT');
CALL guard_append_only('audit_schema');
