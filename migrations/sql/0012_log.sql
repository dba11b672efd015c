-- The tree of each workspace's log, its signed heads, and the receipts of what was said.

-- Which process recorded an event and as its how-manieth: a number that is missing shows.
ALTER TABLE audit_event ADD COLUMN writer_id UUID, ADD COLUMN writer_number INTEGER;
ALTER TABLE audit_event ADD CONSTRAINT ck_audit_event_writer_is_whole
    CHECK ((writer_id IS NULL) = (writer_number IS NULL) AND writer_number > 0);
ALTER TABLE audit_event ADD CONSTRAINT uq_audit_event_writer UNIQUE (tenant_id, writer_id, writer_number);
COMMENT ON COLUMN audit_event.writer_id IS 'The writer session that recorded it; absent for events of before.';
COMMENT ON COLUMN audit_event.writer_number IS 'Its number within that session, from 1.';

CREATE INDEX ix_audit_queue_seq ON audit_queue (seq);
-- One statement adds event and queue row, so the reference says nothing new, and checking it locks and writes
-- every event's row a second time.
ALTER TABLE audit_queue DROP CONSTRAINT fk_audit_queue_tenant_id_event_id;
-- Every row lives for a moment; cleaned early, the queue stays as small as what waits in it.
ALTER TABLE audit_queue SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0
);

CREATE TABLE audit_tree (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    size BIGINT NOT NULL,
    frontier BYTEA NOT NULL,
    CONSTRAINT pk_audit_tree PRIMARY KEY (tenant_id),
    CONSTRAINT ck_audit_tree_size_not_negative CHECK (size >= 0),
    CONSTRAINT ck_audit_tree_frontier_is_of_hashes CHECK (octet_length(frontier) % 32 = 0)
);
COMMENT ON TABLE audit_tree IS 'How far each workspace''s log has grown.';
COMMENT ON COLUMN audit_tree.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_tree.size IS 'How many leaves it has.';
COMMENT ON COLUMN audit_tree.frontier IS 'Roots of its complete subtrees, largest first, 32 bytes each.';

CREATE TABLE audit_leaf (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    index BIGINT NOT NULL,
    event_id UUID NOT NULL,
    leaf_hash BYTEA NOT NULL,
    sequenced_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_audit_leaf PRIMARY KEY (tenant_id, index),
    CONSTRAINT uq_audit_leaf_event_id UNIQUE (tenant_id, event_id),
    CONSTRAINT ck_audit_leaf_index_not_negative CHECK (index >= 0),
    CONSTRAINT ck_audit_leaf_hash_is_one CHECK (octet_length(leaf_hash) = 32)
);
COMMENT ON TABLE audit_leaf IS 'Places of events in their log.';
COMMENT ON COLUMN audit_leaf.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_leaf.index IS 'The place, from 0.';
COMMENT ON COLUMN audit_leaf.event_id IS 'The event.';
COMMENT ON COLUMN audit_leaf.leaf_hash IS 'Its leaf.';
COMMENT ON COLUMN audit_leaf.sequenced_at IS 'When it got its place, by the clock of the sequencer.';

CREATE TABLE audit_tile (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    level SMALLINT NOT NULL,
    index BIGINT NOT NULL,
    hashes BYTEA NOT NULL,
    root BYTEA NOT NULL,
    CONSTRAINT pk_audit_tile PRIMARY KEY (tenant_id, level, index),
    CONSTRAINT ck_audit_tile_is_full CHECK (octet_length(hashes) = 8192 AND octet_length(root) = 32)
);
COMMENT ON TABLE audit_tile IS 'Full tiles of each log''s tree: 256 hashes of one level.';
COMMENT ON COLUMN audit_tile.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_tile.level IS 'Level of tiles, 0 holds leaves.';
COMMENT ON COLUMN audit_tile.index IS 'Its place in the level, from 0.';
COMMENT ON COLUMN audit_tile.hashes IS 'The hashes, 32 bytes each.';
COMMENT ON COLUMN audit_tile.root IS 'The hash over them, which is one hash of the level above.';

CREATE TABLE audit_log (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    generation INTEGER NOT NULL,
    origin TEXT NOT NULL,
    log_key TEXT NOT NULL,
    clock_key TEXT NOT NULL,
    receipt_key TEXT NOT NULL,
    begins_with BIGINT NOT NULL,
    begun_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_audit_log PRIMARY KEY (tenant_id, generation),
    CONSTRAINT ck_audit_log_generation_positive CHECK (generation > 0)
);
COMMENT ON TABLE audit_log IS 'Under which name and keys each log is signed; a new generation follows a declared loss.';
COMMENT ON COLUMN audit_log.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_log.generation IS 'Counts from 1.';
COMMENT ON COLUMN audit_log.origin IS 'The log''s name in checkpoints.';
COMMENT ON COLUMN audit_log.log_key IS 'Verifier key of its checkpoints.';
COMMENT ON COLUMN audit_log.clock_key IS 'Verifier key of the signer''s statements of time.';
COMMENT ON COLUMN audit_log.receipt_key IS 'Verifier key of receipts.';
COMMENT ON COLUMN audit_log.begins_with IS 'Size of the tree when the generation began.';
COMMENT ON COLUMN audit_log.begun_at IS 'When it began.';

CREATE TABLE audit_checkpoint (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    generation INTEGER NOT NULL,
    size BIGINT NOT NULL,
    root BYTEA NOT NULL,
    note TEXT NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_audit_checkpoint PRIMARY KEY (tenant_id, generation, size),
    CONSTRAINT fk_audit_checkpoint_tenant_id_generation FOREIGN KEY(tenant_id, generation) REFERENCES audit_log (tenant_id, generation),
    CONSTRAINT ck_audit_checkpoint_root_is_a_hash CHECK (octet_length(root) = 32)
);
COMMENT ON TABLE audit_checkpoint IS 'Signed heads of each log.';
COMMENT ON COLUMN audit_checkpoint.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_checkpoint.generation IS 'Under which name it is signed.';
COMMENT ON COLUMN audit_checkpoint.size IS 'How many leaves it covers.';
COMMENT ON COLUMN audit_checkpoint.root IS 'The root over them.';
COMMENT ON COLUMN audit_checkpoint.note IS 'The signed note (c2sp.org/tlog-checkpoint).';
COMMENT ON COLUMN audit_checkpoint.signed_at IS 'When, by the signer''s clock; the note states the same.';

CREATE TABLE audit_promise (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    event_id UUID NOT NULL,
    leaf_hash BYTEA NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_audit_promise PRIMARY KEY (tenant_id, event_id)
);
COMMENT ON TABLE audit_promise IS 'Events whose receipt waits for the signer.';
COMMENT ON COLUMN audit_promise.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_promise.event_id IS 'The event.';
COMMENT ON COLUMN audit_promise.leaf_hash IS 'Its leaf.';
COMMENT ON COLUMN audit_promise.at IS 'When the operation ran, by its own clock.';

CREATE TABLE audit_receipt (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    event_id UUID NOT NULL,
    note TEXT NOT NULL,
    signed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_audit_receipt PRIMARY KEY (tenant_id, event_id)
);
COMMENT ON TABLE audit_receipt IS 'Signed promises that an event will stand in the log.';
COMMENT ON COLUMN audit_receipt.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_receipt.event_id IS 'The event.';
COMMENT ON COLUMN audit_receipt.note IS 'The signed note.';
COMMENT ON COLUMN audit_receipt.signed_at IS 'When, by the signer''s clock.';

CREATE TABLE audit_alarm (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    generation INTEGER NOT NULL,
    finding TEXT NOT NULL,
    signed_size BIGINT NOT NULL,
    found_size BIGINT NOT NULL,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_audit_alarm PRIMARY KEY (tenant_id, id),
    CONSTRAINT ck_audit_alarm_finding_known CHECK (finding IN ('rollback', 'fork', 'clock_went_back'))
);
CREATE UNIQUE INDEX uq_audit_alarm_open ON audit_alarm (tenant_id, generation, finding) WHERE settled_at IS NULL;
COMMENT ON TABLE audit_alarm IS 'What the signer refused to sign.';
COMMENT ON COLUMN audit_alarm.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_alarm.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN audit_alarm.generation IS 'Of which generation of the log.';
COMMENT ON COLUMN audit_alarm.finding IS 'What was found.';
COMMENT ON COLUMN audit_alarm.signed_size IS 'How many leaves had been signed.';
COMMENT ON COLUMN audit_alarm.found_size IS 'How many the database has.';
COMMENT ON COLUMN audit_alarm.raised_at IS 'When it was first found.';
COMMENT ON COLUMN audit_alarm.settled_at IS 'When it ended; absent while it lasts.';

CREATE TABLE audit_destroyed_key (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    key_id UUID NOT NULL,
    event_id UUID NOT NULL,
    CONSTRAINT pk_audit_destroyed_key PRIMARY KEY (tenant_id, key_id),
    CONSTRAINT fk_audit_destroyed_key_tenant_id_event_id FOREIGN KEY(tenant_id, event_id) REFERENCES audit_event (tenant_id, id)
);
COMMENT ON TABLE audit_destroyed_key IS 'Which event of the log says that a key was destroyed.';
COMMENT ON COLUMN audit_destroyed_key.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN audit_destroyed_key.key_id IS 'The key.';
COMMENT ON COLUMN audit_destroyed_key.event_id IS 'The event.';

CALL guard_tenant_table('audit_tree', 'SELECT');
CALL guard_tenant_table('audit_leaf', 'SELECT');
CALL guard_tenant_table('audit_tile', 'SELECT');
CALL guard_tenant_table('audit_log', 'SELECT');
CALL guard_tenant_table('audit_checkpoint', 'SELECT');
CALL guard_tenant_table('audit_promise', 'SELECT, INSERT');
CALL guard_tenant_table('audit_receipt', 'SELECT');
CALL guard_tenant_table('audit_alarm', 'SELECT');
CALL guard_tenant_table('audit_destroyed_key', 'SELECT, INSERT');

CALL guard_append_only('audit_leaf');
CALL guard_append_only('audit_tile');
CALL guard_append_only('audit_log');
CALL guard_append_only('audit_checkpoint');
CALL guard_append_only('audit_receipt');
CALL guard_append_only('audit_destroyed_key');

-- A tree only grows.
CREATE FUNCTION refuse_shrinking() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.tenant_id = OLD.tenant_id AND NEW.size > OLD.size THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append only.', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only_rows BEFORE UPDATE OR DELETE ON audit_tree
    FOR EACH ROW EXECUTE FUNCTION refuse_shrinking();
CREATE TRIGGER append_only_table BEFORE TRUNCATE ON audit_tree
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE audit_tree ENABLE ALWAYS TRIGGER append_only_rows;
ALTER TABLE audit_tree ENABLE ALWAYS TRIGGER append_only_table;

-- The sequencer and the signer see every tenant's log, and of all else nothing.
CREATE PROCEDURE open_to_service(opened regclass, service name, rights text)
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format('GRANT %s ON %s TO %I', rights, opened, service);
    EXECUTE format(
        'CREATE POLICY %I ON %s TO %I USING (true) WITH CHECK (true)',
        replace(service::text, 'answerable_', 'as_'), opened, service
    );
END
$$;
REVOKE ALL ON PROCEDURE open_to_service FROM PUBLIC;
CALL open_to_service('audit_queue', 'answerable_sequencer', 'SELECT, DELETE');
CALL open_to_service('audit_tree', 'answerable_sequencer', 'SELECT, INSERT, UPDATE');
CALL open_to_service('audit_leaf', 'answerable_sequencer', 'SELECT, INSERT');
CALL open_to_service('audit_tile', 'answerable_sequencer', 'SELECT, INSERT');
CALL open_to_service('audit_tree', 'answerable_signer', 'SELECT');
CALL open_to_service('audit_leaf', 'answerable_signer', 'SELECT');
CALL open_to_service('audit_tile', 'answerable_signer', 'SELECT');
CALL open_to_service('audit_log', 'answerable_signer', 'SELECT, INSERT');
CALL open_to_service('audit_checkpoint', 'answerable_signer', 'SELECT, INSERT');
CALL open_to_service('audit_promise', 'answerable_signer', 'SELECT, DELETE');
CALL open_to_service('audit_receipt', 'answerable_signer', 'SELECT, INSERT');
CALL open_to_service('audit_alarm', 'answerable_signer', 'SELECT, INSERT, UPDATE');
GRANT USAGE ON SCHEMA public TO answerable_sequencer, answerable_signer;
GRANT EXECUTE ON FUNCTION app_tenant() TO answerable_sequencer, answerable_signer;
