"""Loading the demo: two workspaces, their documents, nothing twice."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from answerable import knowledge, tenancy
from answerable.demo.vectors import RememberingEmbedder, read_shipped
from answerable.infra.db import Database, SystemReason
from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.infra.installation import Installation
from answerable.knowledge.values import ImportState, Progress
from answerable.tenancy.errors import TenantUnknown

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoWorkspace:
    """One of the demo's workspaces as it is to be."""

    slug: str
    name: str
    language: str
    folder: Path
    paths: tuple[Path, ...]
    """Files and folders of its documents, all in its folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What loading one workspace did; the counts are documents."""

    slug: str
    created: bool
    added: int
    changed: int
    unchanged: int
    failed: int


def workspaces() -> tuple[DemoWorkspace, ...]:
    """The demo: a shop, and this project's own documentation."""
    here = Path(__file__).parent
    shop = here / "shop"
    documentation = here / "documentation"
    if not documentation.exists():
        documentation = here.parents[2] / "docs"
    pages = (documentation / "explanation", documentation / "how-to")
    return (
        DemoWorkspace(slug="shop", name="Fernweg Outdoor", language="de", folder=shop, paths=(shop,)),
        DemoWorkspace(slug="docs", name="Answerable", language="en", folder=documentation, paths=pages),
    )


async def load(installation: Installation, tell: Tell) -> tuple[Loaded, ...]:
    """Bring the demo's workspaces and documents to their present state; a second time changes nothing.

    Errors:  those of creating a tenant and of importing; a document that fails is counted, not raised.
    """
    embedder = installation.embedder
    remembering = RememberingEmbedder(embedder, read_shipped()) if embedder else None
    intake = knowledge.Intake(database=installation.database, embedder=remembering)
    return tuple([await load_workspace(intake, workspace, tell) for workspace in workspaces()])


async def load_workspace(intake: knowledge.Intake, workspace: DemoWorkspace, tell: Tell) -> Loaded:
    """Bring one workspace to its present state.

    Errors:  as `load`.
    """
    actor, created = await _find_or_create(intake.database, workspace)
    tell(f"Demo workspace {workspace.slug}: {'created' if created else 'there already'}.")

    def report(progress: Progress) -> None:
        if progress.state is not ImportState.UNCHANGED:
            tell(f"  {progress.state.value:9} {progress.item} {progress.message or ''}".rstrip())

    result = await knowledge.import_paths(
        intake, actor, workspace.paths, base=workspace.folder, report=report
    )
    return Loaded(
        slug=workspace.slug,
        created=created,
        added=result.added,
        changed=result.changed,
        unchanged=result.unchanged,
        failed=result.failed,
    )


async def _find_or_create(database: Database, workspace: DemoWorkspace) -> tuple[Actor, bool]:
    try:
        async with database.system_session(SystemReason.RESOLVE_TENANT) as session:
            found = await tenancy.resolve_tenant(session, slug=workspace.slug)
    except TenantUnknown:
        actor = Actor(tenant_id=TenantId(uuid7()), kind=ActorKind.PLATFORM)
        new = tenancy.NewTenant(
            slug=workspace.slug,
            name=workspace.name,
            owner_email=f"owner@{workspace.slug}.example",
            language=workspace.language,
        )
        async with database.tenant_session(actor) as db:
            await tenancy.create_tenant(db, new)
        return actor, True
    return Actor(tenant_id=found.id, kind=ActorKind.PLATFORM), False
