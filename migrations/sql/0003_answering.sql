CREATE TABLE turn (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    epoch INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL,
    language TEXT NOT NULL,
    message_id UUID,
    error_code TEXT,
    inputs_sealed BYTEA NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_turn PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_turn_tenant_id_conversation_id FOREIGN KEY(tenant_id, conversation_id) REFERENCES conversation (tenant_id, id),
    CONSTRAINT fk_turn_tenant_id_message_id FOREIGN KEY(tenant_id, message_id) REFERENCES message (tenant_id, id),
    CONSTRAINT uq_turn_message_id UNIQUE (tenant_id, message_id),
    CONSTRAINT ck_turn_outcome_known CHECK (outcome IN ('reply', 'draft', 'handoff', 'refusal', 'superseded', 'error')),
    CONSTRAINT ck_turn_errors_have_a_code CHECK ((outcome = 'error') = (error_code IS NOT NULL))
);
CREATE INDEX ix_turn_conversation_id ON turn (tenant_id, conversation_id, id);
COMMENT ON TABLE turn IS 'Turns of conversations and how they ended.';
COMMENT ON COLUMN turn.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN turn.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN turn.conversation_id IS 'Where it took place.';
COMMENT ON COLUMN turn.epoch IS 'The conversation''s epoch when it began.';
COMMENT ON COLUMN turn.outcome IS 'How it ended.';
COMMENT ON COLUMN turn.reason IS 'Why it ended so.';
COMMENT ON COLUMN turn.language IS 'The language of its answer.';
COMMENT ON COLUMN turn.message_id IS 'What was said to the contact; absent when nothing was.';
COMMENT ON COLUMN turn.error_code IS 'The code of the error that ended it; absent otherwise.';
COMMENT ON COLUMN turn.inputs_sealed IS 'What went into each decision, JSON, sealed.';
COMMENT ON COLUMN turn.started_at IS 'Begin.';
COMMENT ON COLUMN turn.ended_at IS 'End.';

CREATE TABLE answered_message (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    message_id UUID NOT NULL,
    turn_id UUID NOT NULL,
    CONSTRAINT pk_answered_message PRIMARY KEY (tenant_id, message_id),
    CONSTRAINT fk_answered_message_tenant_id_message_id FOREIGN KEY(tenant_id, message_id) REFERENCES message (tenant_id, id),
    CONSTRAINT fk_answered_message_tenant_id_turn_id FOREIGN KEY(tenant_id, turn_id) REFERENCES turn (tenant_id, id)
);
CREATE INDEX ix_answered_message_turn_id ON answered_message (tenant_id, turn_id);
COMMENT ON TABLE answered_message IS 'Which turn answered which message of a contact.';
COMMENT ON COLUMN answered_message.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN answered_message.message_id IS 'The message.';
COMMENT ON COLUMN answered_message.turn_id IS 'The turn.';

CREATE TABLE decision (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    turn_id UUID NOT NULL,
    position SMALLINT NOT NULL,
    step TEXT NOT NULL,
    method TEXT NOT NULL,
    version TEXT NOT NULL,
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL,
    duration_us INTEGER NOT NULL,
    CONSTRAINT pk_decision PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_decision_tenant_id_turn_id FOREIGN KEY(tenant_id, turn_id) REFERENCES turn (tenant_id, id),
    CONSTRAINT uq_decision_position UNIQUE (tenant_id, turn_id, position)
);
COMMENT ON TABLE decision IS 'Every choice of a turn: what went in, what decided, what came out.';
COMMENT ON COLUMN decision.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN decision.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN decision.turn_id IS 'The turn.';
COMMENT ON COLUMN decision.position IS 'Order, from 1.';
COMMENT ON COLUMN decision.step IS 'The step.';
COMMENT ON COLUMN decision.method IS 'What decided.';
COMMENT ON COLUMN decision.version IS 'Its version.';
COMMENT ON COLUMN decision.verdict IS 'What was chosen.';
COMMENT ON COLUMN decision.reason IS 'Why; holds no content.';
COMMENT ON COLUMN decision.duration_us IS 'How long it took.';

CREATE TABLE considered_passage (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    turn_id UUID NOT NULL,
    position SMALLINT NOT NULL,
    passage_id UUID NOT NULL,
    document_id UUID NOT NULL,
    version_id UUID NOT NULL,
    span_start INTEGER NOT NULL,
    span_end INTEGER NOT NULL,
    cosine REAL,
    lexical REAL,
    vector_rank SMALLINT,
    lexical_rank SMALLINT,
    fused REAL NOT NULL,
    quoted BOOLEAN NOT NULL,
    dropped TEXT,
    CONSTRAINT pk_considered_passage PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_considered_passage_tenant_id_turn_id FOREIGN KEY(tenant_id, turn_id) REFERENCES turn (tenant_id, id),
    CONSTRAINT uq_considered_passage_position UNIQUE (tenant_id, turn_id, position)
);
CREATE INDEX ix_considered_passage_document_id ON considered_passage (tenant_id, document_id);
COMMENT ON TABLE considered_passage IS 'Passages that were considered in a turn, with scores and why they were dropped.';
COMMENT ON COLUMN considered_passage.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN considered_passage.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN considered_passage.turn_id IS 'The turn.';
COMMENT ON COLUMN considered_passage.position IS 'Order by fused rank, from 1.';
COMMENT ON COLUMN considered_passage.passage_id IS 'The passage; it may be gone since.';
COMMENT ON COLUMN considered_passage.document_id IS 'Its document.';
COMMENT ON COLUMN considered_passage.version_id IS 'Its version.';
COMMENT ON COLUMN considered_passage.span_start IS 'First character in the version.';
COMMENT ON COLUMN considered_passage.span_end IS 'One past the last.';
COMMENT ON COLUMN considered_passage.cosine IS 'Nearness in meaning.';
COMMENT ON COLUMN considered_passage.lexical IS 'Nearness in words.';
COMMENT ON COLUMN considered_passage.vector_rank IS 'Rank by meaning.';
COMMENT ON COLUMN considered_passage.lexical_rank IS 'Rank by words.';
COMMENT ON COLUMN considered_passage.fused IS 'Merged rank score.';
COMMENT ON COLUMN considered_passage.quoted IS 'Whether it was quoted.';
COMMENT ON COLUMN considered_passage.dropped IS 'Why it was not quoted; absent when it was.';

CREATE TABLE citation (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    turn_id UUID NOT NULL,
    message_id UUID NOT NULL,
    position SMALLINT NOT NULL,
    document_id UUID NOT NULL,
    version_id UUID NOT NULL,
    version INTEGER NOT NULL,
    span_start INTEGER NOT NULL,
    span_end INTEGER NOT NULL,
    quote_sealed BYTEA NOT NULL,
    CONSTRAINT pk_citation PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_citation_tenant_id_turn_id FOREIGN KEY(tenant_id, turn_id) REFERENCES turn (tenant_id, id),
    CONSTRAINT fk_citation_tenant_id_message_id FOREIGN KEY(tenant_id, message_id) REFERENCES message (tenant_id, id),
    CONSTRAINT fk_citation_tenant_id_version_id FOREIGN KEY(tenant_id, version_id) REFERENCES document_version (tenant_id, id),
    CONSTRAINT uq_citation_position UNIQUE (tenant_id, message_id, position),
    CONSTRAINT ck_citation_span_is_not_empty CHECK (span_start >= 0 AND span_end > span_start)
);
CREATE INDEX ix_citation_version_id ON citation (tenant_id, version_id);
COMMENT ON TABLE citation IS 'Quotes in messages and where they were taken from.';
COMMENT ON COLUMN citation.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN citation.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN citation.turn_id IS 'The turn.';
COMMENT ON COLUMN citation.message_id IS 'The message.';
COMMENT ON COLUMN citation.position IS 'Order, from 1.';
COMMENT ON COLUMN citation.document_id IS 'The document.';
COMMENT ON COLUMN citation.version_id IS 'The version.';
COMMENT ON COLUMN citation.version IS 'The version''s number.';
COMMENT ON COLUMN citation.span_start IS 'First character in the version.';
COMMENT ON COLUMN citation.span_end IS 'One past the last.';
COMMENT ON COLUMN citation.quote_sealed IS 'Title and quoted text, JSON, sealed: what remains when the document is deleted.';

CREATE TABLE disclosure (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    conversation_id UUID NOT NULL,
    message_id UUID NOT NULL,
    language TEXT NOT NULL,
    text_version SMALLINT NOT NULL,
    shown_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_disclosure PRIMARY KEY (tenant_id, conversation_id),
    CONSTRAINT fk_disclosure_tenant_id_conversation_id FOREIGN KEY(tenant_id, conversation_id) REFERENCES conversation (tenant_id, id),
    CONSTRAINT fk_disclosure_tenant_id_message_id FOREIGN KEY(tenant_id, message_id) REFERENCES message (tenant_id, id)
);
COMMENT ON TABLE disclosure IS 'Evidence that contacts were told that an AI answers (EU AI Act, article 50).';
COMMENT ON COLUMN disclosure.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN disclosure.conversation_id IS 'The conversation.';
COMMENT ON COLUMN disclosure.message_id IS 'The message that said it.';
COMMENT ON COLUMN disclosure.language IS 'In which language.';
COMMENT ON COLUMN disclosure.text_version IS 'Which wording.';
COMMENT ON COLUMN disclosure.shown_at IS 'When.';

CALL guard_tenant_table('turn', 'SELECT, INSERT');
CALL guard_tenant_table('answered_message', 'SELECT, INSERT');
CALL guard_tenant_table('decision', 'SELECT, INSERT');
CALL guard_tenant_table('considered_passage', 'SELECT, INSERT');
CALL guard_tenant_table('citation', 'SELECT, INSERT');
CALL guard_tenant_table('disclosure', 'SELECT, INSERT');

CALL guard_sealed_column('turn', 'inputs_sealed');
CALL guard_sealed_column('citation', 'quote_sealed');

-- No word of the assistant without its record: checked when the transaction commits, so the order of the
-- statements is free, and with the rights of whoever commits, so nobody is exempt.
CREATE FUNCTION require_record_of_message() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM turn
        JOIN decision ON decision.tenant_id = turn.tenant_id AND decision.turn_id = turn.id
        WHERE turn.tenant_id = NEW.tenant_id AND turn.message_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'A message of the assistant has no turn with decisions.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'message_has_its_record';
    END IF;
    IF NOT EXISTS (
        SELECT FROM audit_event
        WHERE tenant_id = NEW.tenant_id AND subject_kind = 'message' AND subject_id = NEW.id
    ) THEN
        RAISE EXCEPTION 'A message of the assistant has no audit event.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'message_has_its_event';
    END IF;
    IF NEW.delivery = 'delivered' AND NOT EXISTS (
        SELECT FROM disclosure
        WHERE tenant_id = NEW.tenant_id AND conversation_id = NEW.conversation_id
    ) THEN
        RAISE EXCEPTION 'A message of the assistant goes out before it is disclosed that an AI answers.'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'message_is_disclosed';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER message_has_its_record
AFTER INSERT OR UPDATE OF delivery ON message
DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.author = 'assistant')
EXECUTE FUNCTION require_record_of_message();
