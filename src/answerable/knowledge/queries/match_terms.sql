-- match_terms: which words of a question stand in which texts.
-- Parameters: :texts text[] and :languages text[] side by side; :numbers integer[] and :terms integer[] side by
--             side, one entry for each number that a word of the question may have
-- Returns: place integer (of the text, from 1), terms integer[]; no row for a text without any of the words
SELECT given.place::integer AS place, array_agg(DISTINCT asked.term) AS terms
FROM unnest(CAST(:texts AS text[]), CAST(:languages AS text[])) WITH ORDINALITY AS given (body, language, place)
CROSS JOIN LATERAL unnest(to_tsvector(stemmer_of(given.language), given.body)) AS found
JOIN unnest(CAST(:numbers AS integer[]), CAST(:terms AS integer[])) AS asked (number, term)
    ON asked.number = term_number(found.lexeme)
GROUP BY given.place
ORDER BY given.place
