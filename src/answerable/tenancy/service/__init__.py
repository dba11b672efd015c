"""Operations of tenancy, one file for each group of verbs."""
