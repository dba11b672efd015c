"""What a browser is told while its pages are open: one stream for all of them, and who has what before them."""
