"""Lets `python -m answerable` do what `answerable` does."""

import sys

from answerable.app import main

sys.exit(main())
