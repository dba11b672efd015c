CREATE TABLE import_batch (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    started_by UUID,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    cancelled_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_import_batch PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_import_batch_tenant_id_started_by FOREIGN KEY(tenant_id, started_by) REFERENCES member (tenant_id, id),
    CONSTRAINT ck_import_batch_kind_known CHECK (kind IN ('upload', 'paste', 'url', 'sitemap'))
);
CREATE INDEX ix_import_batch_started_at ON import_batch (tenant_id, started_at);
COMMENT ON TABLE import_batch IS 'Imports that run in the background, one row for what was given together.';
COMMENT ON COLUMN import_batch.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN import_batch.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN import_batch.kind IS 'Upload, paste, url or sitemap.';
COMMENT ON COLUMN import_batch.started_by IS 'The member who began it; absent when it was the platform.';
COMMENT ON COLUMN import_batch.started_at IS 'When it began.';
COMMENT ON COLUMN import_batch.ended_at IS 'When its last item ended; absent while one waits or is read.';
COMMENT ON COLUMN import_batch.cancelled_at IS 'When somebody stopped it; absent otherwise.';

CREATE TABLE import_item (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    batch_id UUID NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    size_bytes BIGINT,
    listed_at TIMESTAMP WITH TIME ZONE,
    passages INTEGER DEFAULT 0 NOT NULL,
    notes TEXT[] DEFAULT '{}' NOT NULL,
    document_ids UUID[] DEFAULT '{}' NOT NULL,
    error_code TEXT,
    error_detail TEXT DEFAULT '' NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_import_item PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_import_item_tenant_id_batch_id FOREIGN KEY(tenant_id, batch_id) REFERENCES import_batch (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT uq_import_item_position UNIQUE (tenant_id, batch_id, position),
    CONSTRAINT ck_import_item_kind_known CHECK (kind IN ('upload', 'paste', 'url', 'sitemap')),
    CONSTRAINT ck_import_item_state_known CHECK (state IN ('waiting', 'reading', 'added', 'changed', 'unchanged', 'listed', 'skipped', 'failed')),
    CONSTRAINT ck_import_item_position_positive CHECK (position > 0),
    CONSTRAINT ck_import_item_failure_has_a_reason CHECK (state NOT IN ('skipped', 'failed') OR error_code IS NOT NULL),
    CONSTRAINT ck_import_item_end_has_a_time CHECK ((state IN ('waiting', 'reading')) = (ended_at IS NULL))
);
COMMENT ON TABLE import_item IS 'Files, texts and pages that are imported in the background, with what became of each.';
COMMENT ON COLUMN import_item.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN import_item.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN import_item.batch_id IS 'What it was given with.';
COMMENT ON COLUMN import_item.position IS 'Order in its batch, from 1.';
COMMENT ON COLUMN import_item.kind IS 'How it comes in; the pages of a sitemap are of kind url.';
COMMENT ON COLUMN import_item.source IS 'Name of the file, title of the text or address of the page.';
COMMENT ON COLUMN import_item.state IS 'How far it is, or how it ended.';
COMMENT ON COLUMN import_item.size_bytes IS 'Size as announced, then as read; absent while nobody knows.';
COMMENT ON COLUMN import_item.listed_at IS 'When a sitemap says that the page changed last; absent when it does not say.';
COMMENT ON COLUMN import_item.passages IS 'Passages that were made of it.';
COMMENT ON COLUMN import_item.notes IS 'What a person should know of how it was read.';
COMMENT ON COLUMN import_item.document_ids IS 'The documents that it became, at most a hundred of them.';
COMMENT ON COLUMN import_item.error_code IS 'Why it was skipped or failed; absent otherwise.';
COMMENT ON COLUMN import_item.error_detail IS 'What the error adds to its message; never content.';
COMMENT ON COLUMN import_item.started_at IS 'When reading began; absent before.';
COMMENT ON COLUMN import_item.ended_at IS 'When it ended, however it did; absent before.';

CREATE TABLE import_content (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    item_id UUID NOT NULL,
    data BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_import_content PRIMARY KEY (tenant_id, item_id),
    CONSTRAINT fk_import_content_tenant_id_item_id FOREIGN KEY(tenant_id, item_id) REFERENCES import_item (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT ck_import_content_data_within_limit CHECK (octet_length(data) <= 25000000)
);
COMMENT ON TABLE import_content IS 'Uploaded bytes that wait to be read; deleted as soon as they were, also when that failed.';
COMMENT ON COLUMN import_content.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN import_content.item_id IS 'Whose bytes they are.';
COMMENT ON COLUMN import_content.data IS 'The file as it came.';
COMMENT ON COLUMN import_content.created_at IS 'When they came.';

CREATE TABLE fetched_page (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    url TEXT NOT NULL,
    source TEXT NOT NULL,
    etag TEXT,
    last_modified TEXT,
    fetched_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_fetched_page PRIMARY KEY (tenant_id, url)
);
COMMENT ON TABLE fetched_page IS 'Pages fetched from the web, with what tells whether they changed.';
COMMENT ON COLUMN fetched_page.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN fetched_page.url IS 'The address that was asked for.';
COMMENT ON COLUMN fetched_page.source IS 'The source of the document that it became.';
COMMENT ON COLUMN fetched_page.etag IS 'The server''s name for this state of it; absent when it gave none.';
COMMENT ON COLUMN fetched_page.last_modified IS 'When it changed last, as the server spelt it; absent when it did not say.';
COMMENT ON COLUMN fetched_page.fetched_at IS 'When it was read last.';

CALL guard_tenant_table('import_batch', 'SELECT, INSERT, UPDATE, DELETE');
CALL guard_tenant_table('import_item', 'SELECT, INSERT, UPDATE, DELETE');
CALL guard_tenant_table('import_content', 'SELECT, INSERT, DELETE');
CALL guard_tenant_table('fetched_page', 'SELECT, INSERT, UPDATE, DELETE');
