"""Pages on which members see the jobs that gave up, and mend them."""
