"""Pages on which members see and change what is set of their workspace."""
