-- How words become numbers, on the way in and when asked; both sides must agree.
CREATE FUNCTION stemmer_of(language text) RETURNS regconfig
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT CASE language
        WHEN 'de' THEN 'pg_catalog.german'::regconfig
        WHEN 'en' THEN 'pg_catalog.english'::regconfig
        ELSE 'pg_catalog.simple'::regconfig
    END
$$;
COMMENT ON FUNCTION stemmer_of IS 'The text search configuration of a language.';

CREATE FUNCTION term_number(lexeme text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT ((hashtextextended(lexeme, 0) & 536870911) + 1)::integer $$;
COMMENT ON FUNCTION term_number IS 'The number of a stemmed word, 1 to 2^29: a digest, so that no list of words is kept.';

-- BM25 with k1 = 1.2 and b = 0.75 for passages of 70 words on average. The average is a constant: another one
-- is the same as slightly other k1 and b, whereas a measured one would make every stored row stale.
CREATE FUNCTION weigh_terms(language text, body text) RETURNS sparsevec
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT (coalesce('{' || string_agg(number || ':' || weight, ',') || '}', '{}') || '/536870912')::sparsevec
    FROM (
        SELECT number, sum(times * 2.2 / (times + 1.2 * (0.25 + 0.75 * words / 70.0)))::real AS weight
        FROM (
            SELECT
                public.term_number(found.lexeme) AS number,
                cardinality(found.positions)::float8 AS times,
                sum(cardinality(found.positions)) OVER ()::float8 AS words
            FROM unnest(to_tsvector(public.stemmer_of(language), body)) AS found
        ) AS counted
        GROUP BY number
    ) AS weighed
$$;
COMMENT ON FUNCTION weigh_terms IS 'The words of a passage with their part of the BM25 score.';

CREATE FUNCTION numbers_of(terms sparsevec) RETURNS SETOF integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT split_part(element, ':', 1)::integer
    FROM unnest(string_to_array(trim(BOTH '{}' FROM split_part(terms::text, '/', 1)), ',')) AS element
    WHERE element <> ''
$$;
COMMENT ON FUNCTION numbers_of IS 'The numbers of the words that stand in a passage.';

-- A question may be asked in one language of documents in the other, so each of its words is stemmed in both.
-- A stop word of one language is a word of the other ("die", "war", "man"): those of the language that has
-- more of them in this question are left out.
CREATE FUNCTION question_terms(question text) RETURNS TABLE (place integer, numbers integer[], stems text[])
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE ROWS 10
AS $$
    WITH words AS MATERIALIZED (
        SELECT 'de' AS language, found.lexeme, at.place
        FROM unnest(to_tsvector('pg_catalog.german', question)) AS found, unnest(found.positions) AS at (place)
        UNION ALL
        SELECT 'en', found.lexeme, at.place
        FROM unnest(to_tsvector('pg_catalog.english', question)) AS found, unnest(found.positions) AS at (place)
        UNION ALL
        SELECT 'none', found.lexeme, at.place
        FROM unnest(to_tsvector('pg_catalog.simple', question)) AS found, unnest(found.positions) AS at (place)
    ),
    places AS MATERIALIZED (
        SELECT
            words.place,
            NOT bool_or(language = 'de') AS stops_german,
            NOT bool_or(language = 'en') AS stops_english
        FROM words
        GROUP BY words.place
    ),
    stops AS (
        SELECT
            count(*) FILTER (WHERE stops_german) AS german,
            count(*) FILTER (WHERE stops_english) AS english
        FROM places
    ),
    kept AS (
        SELECT
            places.place,
            array_agg(DISTINCT public.term_number(words.lexeme)) AS numbers,
            array_agg(DISTINCT words.lexeme) AS stems
        FROM words
        JOIN places USING (place)
        CROSS JOIN stops
        WHERE words.language <> 'none'
            AND NOT (stops_german AND german >= english)
            AND NOT (stops_english AND english >= german)
        GROUP BY places.place
    )
    SELECT min(kept.place)::integer, kept.numbers, min(kept.stems)
    FROM kept
    GROUP BY kept.numbers
$$;
COMMENT ON FUNCTION question_terms IS 'The words of a question in order, each with the numbers that it may have in a passage.';

CREATE TABLE document (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    title TEXT,
    language TEXT NOT NULL,
    status TEXT NOT NULL,
    owner_id UUID,
    valid_from DATE,
    valid_until DATE,
    current_version INTEGER NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    deleted_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_document PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_document_tenant_id_owner_id FOREIGN KEY(tenant_id, owner_id) REFERENCES member (tenant_id, id),
    CONSTRAINT uq_document_source UNIQUE (tenant_id, source, key),
    CONSTRAINT ck_document_status_known CHECK (status IN ('published', 'deleted')),
    CONSTRAINT ck_document_language_known CHECK (language IN ('de', 'en')),
    CONSTRAINT ck_document_current_version_positive CHECK (current_version > 0),
    CONSTRAINT ck_document_validity_in_order CHECK (valid_from <= valid_until),
    CONSTRAINT ck_document_deleted_has_no_title CHECK ((status = 'deleted') = (title IS NULL)),
    CONSTRAINT ck_document_deleted_has_a_time CHECK ((status = 'deleted') = (deleted_at IS NOT NULL))
);
COMMENT ON TABLE document IS 'What tenants published; the texts lie in the versions.';
COMMENT ON COLUMN document.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN document.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN document.source IS 'The path that it was imported from.';
COMMENT ON COLUMN document.key IS 'Which document of its source: empty for a whole file, for a table''s row a digest.';
COMMENT ON COLUMN document.title IS 'Title; NULL once deleted.';
COMMENT ON COLUMN document.language IS 'Language of its text.';
COMMENT ON COLUMN document.status IS 'Whether it may be quoted.';
COMMENT ON COLUMN document.owner_id IS 'The member who answers for it; absent when nobody is named.';
COMMENT ON COLUMN document.valid_from IS 'First day on which it may be quoted; absent when it always could.';
COMMENT ON COLUMN document.valid_until IS 'Last day on which it may be quoted; absent when it has no end.';
COMMENT ON COLUMN document.current_version IS 'Number of the version that is quoted.';
COMMENT ON COLUMN document.created_at IS 'First import.';
COMMENT ON COLUMN document.changed_at IS 'When its newest version came.';
COMMENT ON COLUMN document.deleted_at IS 'When it was deleted; absent before.';

CREATE TABLE document_version (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    document_id UUID NOT NULL,
    number INTEGER NOT NULL,
    text TEXT,
    headings JSONB NOT NULL,
    digest BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_document_version PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_document_version_tenant_id_document_id FOREIGN KEY(tenant_id, document_id) REFERENCES document (tenant_id, id),
    CONSTRAINT uq_document_version_number UNIQUE (tenant_id, document_id, number),
    CONSTRAINT ck_document_version_number_positive CHECK (number > 0),
    CONSTRAINT ck_document_version_digest_is_sha256 CHECK (octet_length(digest) = 32)
);
COMMENT ON TABLE document_version IS 'Texts of documents, one row each time a text changed.';
COMMENT ON COLUMN document_version.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN document_version.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN document_version.document_id IS 'Whose text it is.';
COMMENT ON COLUMN document_version.number IS 'Order, from 1.';
COMMENT ON COLUMN document_version.text IS 'The normalised text that spans count in; NULL once deleted.';
COMMENT ON COLUMN document_version.headings IS 'Level, title and start of each heading; empty once deleted.';
COMMENT ON COLUMN document_version.digest IS 'SHA-256 of title, text, language and validity: the same one again is no new version.';
COMMENT ON COLUMN document_version.created_at IS 'When it came.';

CREATE TABLE passage (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    id UUID NOT NULL,
    version_id UUID NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    language TEXT NOT NULL,
    heading_path TEXT[] NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE NOT NULL,
    embedded_digest BYTEA NOT NULL,
    embedding_model TEXT,
    embedding vector(384),
    sentence_vectors BYTEA,
    CONSTRAINT pk_passage PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_passage_tenant_id_version_id FOREIGN KEY(tenant_id, version_id) REFERENCES document_version (tenant_id, id),
    CONSTRAINT uq_passage_starts_at UNIQUE (tenant_id, version_id, starts_at),
    CONSTRAINT ck_passage_span_not_empty CHECK (0 <= starts_at AND starts_at < ends_at),
    CONSTRAINT ck_passage_vector_names_its_model CHECK ((embedding IS NULL) = (embedding_model IS NULL)),
    CONSTRAINT ck_passage_sentences_as_the_passage CHECK ((embedding IS NULL) = (sentence_vectors IS NULL)),
    CONSTRAINT ck_passage_language_known CHECK (language IN ('de', 'en')),
    CONSTRAINT ck_passage_embedded_digest_is_sha256 CHECK (octet_length(embedded_digest) = 32)
)
-- A vector takes 1.5 kB; by default a row with long headings would move it away and every comparison fetch it.
WITH (toast_tuple_target = 4080, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX ix_passage_embedded_digest ON passage (tenant_id, embedded_digest);
CREATE INDEX ix_passage_embedding ON passage USING hnsw (embedding vector_cosine_ops) WITH (m = 24, ef_construction = 128);
COMMENT ON TABLE passage IS 'Pieces of the current versions of published documents, found by meaning.';
COMMENT ON COLUMN passage.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN passage.id IS 'Identifier, UUIDv7, made by the application.';
COMMENT ON COLUMN passage.version_id IS 'Whose piece it is.';
COMMENT ON COLUMN passage.starts_at IS 'First character in the version''s text, from 0.';
COMMENT ON COLUMN passage.ends_at IS 'End in the version''s text, exclusive.';
COMMENT ON COLUMN passage.language IS 'As its document''s.';
COMMENT ON COLUMN passage.heading_path IS 'The headings it stands under, outermost first.';
COMMENT ON COLUMN passage.valid_from IS 'As its document''s; -infinity when that is absent.';
COMMENT ON COLUMN passage.valid_until IS 'As its document''s; infinity when that is absent.';
COMMENT ON COLUMN passage.embedded_digest IS 'SHA-256 of the text that the vectors are made of: the same text takes the vectors over.';
COMMENT ON COLUMN passage.embedding_model IS 'What made the vector; vectors of two models never compare. Absent without a vector.';
COMMENT ON COLUMN passage.embedding IS 'The mean of its sentences'' vectors, of length 1; absent without an embedder.';
COMMENT ON COLUMN passage.sentence_vectors IS 'The vector of each quotable sentence in order, 384 little-endian half-precision numbers each.';

-- Each comparison reads the vector; the sentences' vectors are read for the few that are found.
ALTER TABLE passage ALTER COLUMN sentence_vectors SET STORAGE EXTERNAL;

CREATE TABLE passage_terms (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    passage_id UUID NOT NULL,
    language TEXT NOT NULL,
    valid_from DATE NOT NULL,
    valid_until DATE NOT NULL,
    terms sparsevec(536870912) NOT NULL,
    CONSTRAINT pk_passage_terms PRIMARY KEY (tenant_id, passage_id),
    CONSTRAINT fk_passage_terms_tenant_id_passage_id FOREIGN KEY(tenant_id, passage_id) REFERENCES passage (tenant_id, id)
)
WITH (autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX ix_passage_terms_language ON passage_terms (tenant_id, language);
COMMENT ON TABLE passage_terms IS 'Words of passages with their weights, found by words.';
COMMENT ON COLUMN passage_terms.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN passage_terms.passage_id IS 'Whose words they are.';
COMMENT ON COLUMN passage_terms.language IS 'As its passage''s.';
COMMENT ON COLUMN passage_terms.valid_from IS 'As its passage''s.';
COMMENT ON COLUMN passage_terms.valid_until IS 'As its passage''s.';
COMMENT ON COLUMN passage_terms.terms IS 'Number of each word with its part of the BM25 score that depends on the passage alone.';

CREATE TABLE term_frequency (
    tenant_id UUID DEFAULT app_tenant() NOT NULL,
    term INTEGER NOT NULL,
    passages INTEGER NOT NULL,
    CONSTRAINT pk_term_frequency PRIMARY KEY (tenant_id, term),
    CONSTRAINT ck_term_frequency_term_not_negative CHECK (term >= 0),
    CONSTRAINT ck_term_frequency_passages_positive CHECK (passages > 0)
)
-- Counts of common words change with every document; room on the page keeps the index out of it.
WITH (fillfactor = 70);
COMMENT ON TABLE term_frequency IS 'How rare each word is among the tenant''s passages; kept by a trigger.';
COMMENT ON COLUMN term_frequency.tenant_id IS 'Whose row this is.';
COMMENT ON COLUMN term_frequency.term IS 'Number of the word; 0 counts all passages.';
COMMENT ON COLUMN term_frequency.passages IS 'In how many passages it stands.';

-- The planner must know every tenant's share, also of the small ones, to choose between index and scan.
ALTER TABLE passage ALTER COLUMN tenant_id SET STATISTICS 2000;
ALTER TABLE passage_terms ALTER COLUMN tenant_id SET STATISTICS 2000;

-- Counted as passages come and go rather than now and then: for a small tenant it matters whether a word stands
-- in no passage, in one or in two, and a crash between an import and a recount would leave it wrong.
CREATE FUNCTION count_added_terms() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    -- Two imports of a tenant would otherwise take the rows of common words in different order.
    PERFORM pg_advisory_xact_lock(hashtextextended('term_frequency:' || tenant_id, 0))
    FROM (SELECT DISTINCT tenant_id FROM changed ORDER BY tenant_id) AS tenants;
    INSERT INTO public.term_frequency AS known (tenant_id, term, passages)
    SELECT tenant_id, number, count(*)
    FROM changed, public.numbers_of(terms) AS number
    GROUP BY tenant_id, number
    UNION ALL
    SELECT tenant_id, 0, count(*)
    FROM changed
    GROUP BY tenant_id
    ON CONFLICT (tenant_id, term) DO UPDATE SET passages = known.passages + excluded.passages;
    RETURN NULL;
END
$$;

CREATE FUNCTION count_removed_terms() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('term_frequency:' || tenant_id, 0))
    FROM (SELECT DISTINCT tenant_id FROM changed ORDER BY tenant_id) AS tenants;
    WITH removed AS MATERIALIZED (
        SELECT tenant_id, number AS term, count(*) AS passages
        FROM changed, public.numbers_of(terms) AS number
        GROUP BY tenant_id, number
        UNION ALL
        SELECT tenant_id, 0, count(*)
        FROM changed
        GROUP BY tenant_id
    ),
    emptied AS (
        DELETE FROM public.term_frequency AS known
        USING removed
        WHERE known.tenant_id = removed.tenant_id
            AND known.term = removed.term
            AND known.passages <= removed.passages
    )
    UPDATE public.term_frequency AS known
    SET passages = known.passages - removed.passages
    FROM removed
    WHERE known.tenant_id = removed.tenant_id
        AND known.term = removed.term
        AND known.passages > removed.passages;
    RETURN NULL;
END
$$;

CREATE TRIGGER count_added_terms AFTER INSERT ON passage_terms
REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_added_terms();

CREATE TRIGGER count_removed_terms AFTER DELETE ON passage_terms
REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION count_removed_terms();

CALL guard_tenant_table('document', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('document_version', 'SELECT, INSERT, UPDATE');
CALL guard_tenant_table('passage', 'SELECT, INSERT, DELETE');
-- No UPDATE: the counts follow what is inserted and deleted.
CALL guard_tenant_table('passage_terms', 'SELECT, INSERT, DELETE');
CALL guard_tenant_table('term_frequency', 'SELECT, INSERT, UPDATE, DELETE');

REVOKE ALL ON FUNCTION
    stemmer_of, term_number, weigh_terms, numbers_of, question_terms, count_added_terms, count_removed_terms
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION stemmer_of, term_number, weigh_terms, numbers_of, question_terms TO answerable_app;
