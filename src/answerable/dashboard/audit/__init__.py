"""Pages on which members read the log, and see each entry proved."""
