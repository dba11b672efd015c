-- The place of a head in the root log, which every shown proof names, without reading all of the log. A column and
-- no index over an expression: beside a policy an index is used only by what cannot leak, and sha256() is not so.
ALTER TABLE audit_root_entry ADD COLUMN digest BYTEA NOT NULL GENERATED ALWAYS AS (sha256(body)) STORED;
COMMENT ON COLUMN audit_root_entry.digest IS 'SHA-256 of the bytes, by which an entry is found.';
CREATE INDEX ix_audit_root_entry_digest ON audit_root_entry (tenant_id, digest);
