-- What the file said last, beside what counts: days that a person set outlast an import, until the file says others.
ALTER TABLE document
    ADD COLUMN file_valid_from DATE,
    ADD COLUMN file_valid_until DATE;
UPDATE document SET file_valid_from = valid_from, file_valid_until = valid_until
WHERE valid_from IS NOT NULL OR valid_until IS NOT NULL;
COMMENT ON COLUMN document.file_valid_from IS 'First day as its file said it last; another one than valid_from when a person set that.';
COMMENT ON COLUMN document.file_valid_until IS 'Last day as its file said it last; another one than valid_until when a person set that.';

-- The days of what search keeps follow those of their document; its words and vectors stay as they were inserted.
GRANT UPDATE (valid_from, valid_until) ON passage, passage_terms TO answerable_app;

CREATE INDEX ix_citation_document_id ON citation (tenant_id, document_id, turn_id);

CREATE INDEX ix_turn_unanswered ON turn (tenant_id, id)
WHERE outcome = 'handoff' AND reason IN ('unsupported', 'nothing_found');

CREATE TABLE question_state (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    turn_id UUID NOT NULL,
    state TEXT NOT NULL,
    marked_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_question_state PRIMARY KEY (tenant_id, turn_id),
    CONSTRAINT fk_question_state_tenant_id_turn_id FOREIGN KEY(tenant_id, turn_id) REFERENCES turn (tenant_id, id),
    CONSTRAINT ck_question_state_state_known CHECK (state IN ('open', 'done', 'ignored'))
);
COMMENT ON TABLE question_state IS 'What members made of questions that found no answer; one without a row is open.';
COMMENT ON COLUMN question_state.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN question_state.turn_id IS 'The turn that found no answer.';
COMMENT ON COLUMN question_state.state IS 'Whether somebody still has to see to it.';
COMMENT ON COLUMN question_state.marked_at IS 'When it was last marked; the log says by whom.';

CALL guard_tenant_table('question_state', 'SELECT, INSERT, UPDATE');
