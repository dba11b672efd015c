"""Pages of conversations: the list, one conversation, and what a member does with it."""
