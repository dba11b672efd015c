"""Operations on knowledge, one file for each group of verbs."""
