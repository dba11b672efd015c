"""Starts a process of writers; whoever wants the tables runs `python -m benchmarks log`."""

import asyncio
import sys
from contextlib import suppress

from answerable.infra.logging import configure_logging
from answerable.infra.settings import LogFormat
from benchmarks.log.writing import main

# Standard output carries results alone.
configure_logging("error", format=LogFormat.CONSOLE, stream=sys.stderr)
with suppress(KeyboardInterrupt):
    asyncio.run(main())
