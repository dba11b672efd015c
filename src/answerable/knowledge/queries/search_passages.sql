-- search_passages: the passages nearest to a question, by meaning and by words.
-- Parameters: :tenant uuid as a literal, :question text, :embedding vector or NULL, :model text or NULL,
--             :today date, :passages integer
-- Returns: the words of the question (the same in every row), then a passage, best first; without any passage
--          one row with the words alone
--
-- The tenant stands here besides the policy: only from a constant does the planner know how many passages are
-- the tenant's, and so whether the index over all tenants' vectors or a scan of these passages is cheaper.
WITH asked AS MATERIALIZED (
    SELECT place, numbers, stems
    FROM question_terms(:question)
),
total AS MATERIALIZED (
    SELECT coalesce(
        (SELECT passages FROM term_frequency WHERE tenant_id = :tenant AND term = 0),
        0
    ) AS passages
),
counted AS MATERIALIZED (
    SELECT asked.place, asked.numbers, asked.stems, total.passages AS total, least(
        total.passages,
        (
            SELECT coalesce(sum(known.passages), 0)::integer
            FROM term_frequency AS known
            WHERE known.tenant_id = :tenant AND known.term = ANY (asked.numbers)
        )
    ) AS passages
    FROM asked
    CROSS JOIN total
),
-- Nobody asks with a hundred words that matter; a pasted letter would make the scan below slow.
terms AS MATERIALIZED (
    SELECT place, numbers, stems, passages, ln(1 + (total - passages + 0.5) / (passages + 0.5))::float8 AS weight
    FROM counted
    ORDER BY weight DESC, place
    LIMIT 100
),
query AS MATERIALIZED (
    SELECT (
        coalesce('{' || string_agg(number || ':' || weight, ',') || '}', '{}') || '/536870912'
    )::sparsevec AS terms
    FROM (
        SELECT number, max(terms.weight)::real AS weight
        FROM terms, unnest(terms.numbers) AS number
        GROUP BY number
    ) AS weighed
),
-- A question is nearer to passages of its own language, and shares words with them alone; so each language of the
-- documents has its own lists, or a question in one would never find the answer in the other. A language in
-- which nothing is written is not looked for.
written AS MATERIALIZED (
    SELECT
        EXISTS (
            SELECT FROM passage_terms
            WHERE passage_terms.tenant_id = :tenant AND passage_terms.language = 'de'
        ) AS de,
        EXISTS (
            SELECT FROM passage_terms
            WHERE passage_terms.tenant_id = :tenant AND passage_terms.language = 'en'
        ) AS en
),
near AS MATERIALIZED (
    (
        SELECT passage.id, passage.language, passage.embedding <=> CAST(:embedding AS vector) AS distance
        FROM passage
        WHERE passage.tenant_id = :tenant
            AND passage.language = 'de'
            AND passage.valid_from <= CAST(:today AS date)
            AND passage.valid_until >= CAST(:today AS date)
            AND passage.embedding_model = coalesce(CAST(:model AS text), passage.embedding_model)
            AND CAST(:embedding AS vector) IS NOT NULL
            AND (SELECT de FROM written)
        ORDER BY passage.embedding <=> CAST(:embedding AS vector)
        LIMIT 50
    )
    UNION ALL
    (
        SELECT passage.id, passage.language, passage.embedding <=> CAST(:embedding AS vector) AS distance
        FROM passage
        WHERE passage.tenant_id = :tenant
            AND passage.language = 'en'
            AND passage.valid_from <= CAST(:today AS date)
            AND passage.valid_until >= CAST(:today AS date)
            AND passage.embedding_model = coalesce(CAST(:model AS text), passage.embedding_model)
            AND CAST(:embedding AS vector) IS NOT NULL
            AND (SELECT en FROM written)
        ORDER BY passage.embedding <=> CAST(:embedding AS vector)
        LIMIT 50
    )
),
worded AS MATERIALIZED (
    (
        SELECT
            passage_terms.passage_id AS id,
            passage_terms.language,
            passage_terms.terms <#> (SELECT terms FROM query) AS distance
        FROM passage_terms
        WHERE passage_terms.tenant_id = :tenant
            AND passage_terms.language = 'de'
            AND passage_terms.valid_from <= CAST(:today AS date)
            AND passage_terms.valid_until >= CAST(:today AS date)
            AND (SELECT de FROM written)
        ORDER BY distance, passage_terms.passage_id
        LIMIT 50
    )
    UNION ALL
    (
        SELECT
            passage_terms.passage_id AS id,
            passage_terms.language,
            passage_terms.terms <#> (SELECT terms FROM query) AS distance
        FROM passage_terms
        WHERE passage_terms.tenant_id = :tenant
            AND passage_terms.language = 'en'
            AND passage_terms.valid_from <= CAST(:today AS date)
            AND passage_terms.valid_until >= CAST(:today AS date)
            AND (SELECT en FROM written)
        ORDER BY distance, passage_terms.passage_id
        LIMIT 50
    )
),
background AS (
    SELECT jsonb_object_agg(language, nearness) AS levels
    FROM (SELECT language, avg(1 - distance) AS nearness FROM near GROUP BY language) AS level
),
-- Ranked again: an index scan in relaxed order returns the nearest passages, but not quite in their order.
by_meaning AS (
    SELECT id, language, row_number() OVER (PARTITION BY language ORDER BY distance, id) AS rank
    FROM near
),
by_words AS (
    SELECT id, language, row_number() OVER (PARTITION BY language ORDER BY distance, id) AS rank
    FROM worded
    WHERE distance < 0
),
merged AS (
    SELECT
        id,
        coalesce(by_meaning.language, by_words.language) AS language,
        by_meaning.rank AS vector_rank,
        by_words.rank AS lexical_rank,
        coalesce(1.0 / (60 + by_meaning.rank), 0) + coalesce(1.0 / (60 + by_words.rank), 0) AS fused
    FROM by_meaning
    FULL JOIN by_words USING (id)
),
placed AS (
    SELECT
        merged.*,
        row_number() OVER (PARTITION BY language ORDER BY fused DESC, vector_rank NULLS LAST, id) AS place
    FROM merged
),
chosen AS MATERIALIZED (
    SELECT *
    FROM placed
    ORDER BY place, fused DESC, vector_rank NULLS LAST, id
    LIMIT :passages
),
found AS (
    SELECT
        chosen.id AS passage_id,
        chosen.place,
        chosen.vector_rank,
        chosen.lexical_rank,
        chosen.fused::float8 AS fused,
        CASE
            WHEN passage.embedding_model = coalesce(CAST(:model AS text), passage.embedding_model)
            THEN 1 - (passage.embedding <=> CAST(:embedding AS vector))
        END AS cosine,
        CASE
            WHEN passage.embedding_model = coalesce(CAST(:model AS text), passage.embedding_model)
            THEN passage.sentence_vectors
        END AS sentence_vectors,
        nullif(-(passage_terms.terms <#> (SELECT terms FROM query)), 0) AS lexical,
        passage.starts_at,
        passage.ends_at,
        passage.heading_path,
        passage.version_id,
        document_version.number AS version,
        document_version.headings,
        substring(document_version.text FROM passage.starts_at + 1 FOR passage.ends_at - passage.starts_at) AS text,
        document.id AS document_id,
        document.title,
        document.language
    FROM chosen
    JOIN passage ON passage.tenant_id = :tenant AND passage.id = chosen.id
    JOIN passage_terms ON passage_terms.tenant_id = :tenant AND passage_terms.passage_id = chosen.id
    JOIN document_version
        ON document_version.tenant_id = :tenant AND document_version.id = passage.version_id
    JOIN document ON document.tenant_id = :tenant AND document.id = document_version.document_id
)
SELECT
    (
        SELECT coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'numbers', numbers, 'stems', stems, 'weight', weight, 'passages', passages
                ) ORDER BY place
            ),
            '[]'::jsonb
        )
        FROM terms
    ) AS terms,
    (SELECT levels FROM background) AS background,
    found.*
FROM (VALUES (1)) AS always (one)
LEFT JOIN found ON true
ORDER BY found.place, found.fused DESC, found.vector_rank NULLS LAST, found.passage_id
