"""The pages of what the assistant may quote: documents, imports, the search test, questions without an answer."""
