"""The log, measured: `python -m benchmarks log`. Each part is a module of its own; this one runs them."""

from benchmarks.log import appends, growth, survival
from benchmarks.tables import print_conditions
from benchmarks.throwaway import open_throwaway


async def main() -> None:
    """Print the tables."""
    async with open_throwaway() as installation:
        print_conditions(
            "LOG", {"PostgreSQL": installation.server.version, "durable": "yes (fsync, synchronous commit)"}
        )
        await appends.measure(installation)
    async with open_throwaway() as installation:
        await survival.measure(installation)
    async with open_throwaway() as installation:
        await growth.measure(installation)
