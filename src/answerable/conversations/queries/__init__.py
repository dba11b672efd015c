"""SQL of contacts, conversations and messages: one function per question."""
