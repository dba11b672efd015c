"""Makes the file of vectors that the demo brings along: `make demo-vectors`, after its documents changed."""

import asyncio
import tempfile
from pathlib import Path

from answerable import demo, knowledge
from answerable.app import open_product
from answerable.demo.loading import load_workspace
from answerable.demo.vectors import FILE, RememberingEmbedder, ShippedVectors, pack_vectors, read_shipped
from answerable.infra.postgres import delete_database
from answerable.infra.settings import Settings


async def main() -> None:
    target = Path(demo.__file__).parent / FILE
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder) / "home")
        async with open_product(settings) as installation:
            assert installation.embedder is not None, "The embedder's wheel is missing."
            embedder = RememberingEmbedder(installation.embedder, read_shipped())
            intake = knowledge.Intake(database=installation.database, embedder=embedder)
            for workspace in demo.workspaces():
                await load_workspace(intake, workspace, print)
            # Only what was asked for is kept, so that texts which are gone leave the file.
            made = ShippedVectors(model=embedder.model, by_digest=embedder.asked)
        delete_database(settings)
    target.write_bytes(pack_vectors(made))
    print(f"{len(made.by_digest)} vectors, {target.stat().st_size:,} bytes.")


if __name__ == "__main__":
    asyncio.run(main())
