"""SQL of documents, of their passages and of search: one function per question."""
