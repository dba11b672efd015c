"""Operations by which conversations change hands, one file for each group of verbs."""
