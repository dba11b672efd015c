"""Operations on contacts and conversations, one file for each group of verbs."""
