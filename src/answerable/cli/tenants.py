"""Commands on tenants, their conversations and their log."""

from typing import Annotated, Literal
from uuid import UUID

from cyclopts import App, Parameter

from answerable import answering, conversations, tenancy
from answerable.cli import tenant_settings
from answerable.cli.output import Limit, print_json, print_table
from answerable.cli.runners import Runners
from answerable.cli.session import platform_actor, platform_in, run_command
from answerable.conversations import ConversationId
from answerable.infra.db import SystemReason
from answerable.infra.ids import TenantId, uuid7
from answerable.infra.installation import Installation

AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="Print one JSON value.")]


def register(app: App, runners: Runners) -> None:
    """Add these commands."""
    _register_tenant(app, runners)
    _register_conversation(app, runners)


def _register_tenant(app: App, runners: Runners) -> None:
    tenant = App(name="tenant", help="Create workspaces, list them, and change what is set of them.")
    app.command(tenant)
    tenant_settings.register(tenant, runners)

    @tenant.command
    def create(
        slug: str, *, owner: str, name: str = "", language: Literal["de", "en"] = "en", json: AsJson = False
    ) -> None:
        """Create a workspace with its keys, its log and its owner.

        Args:
            slug: short name: lower-case letters, digits and hyphens.
            owner: the owner's e-mail address.
            name: name as contacts see it; the short name when left out.
            language: its own language, `de` or `en`.
            json: print one JSON value.
        """

        async def work(installation: Installation) -> tenancy.Tenant:
            new = tenancy.NewTenant(slug=slug, name=name, owner_email=owner, language=language)
            async with installation.database.tenant_session(platform_in(TenantId(uuid7()))) as db:
                return await tenancy.create_tenant(db, new)

        created = run_command(runners, work)
        if json:
            print_json(created)
        else:
            print(f"Created workspace {created.slug} ({created.name}).")
            print(f"Next: answerable knowledge import {created.slug} FOLDER")

    @tenant.command(name="list")
    def list_(*, json: AsJson = False) -> None:
        """List the workspaces of this installation."""

        async def work(installation: Installation) -> list[tenancy.TenantRef]:
            async with installation.database.system_session(SystemReason.LIST_TENANTS) as session:
                return await tenancy.list_tenants(session)

        found = run_command(runners, work)
        if json:
            print_json(found)
        else:
            print_table(
                ["workspace", "name", "id"],
                [(one.slug, one.name, one.id) for one in found],
                empty="No workspace yet. Create one: answerable tenant create SLUG --owner EMAIL",
            )


def _register_conversation(app: App, runners: Runners) -> None:
    conversation = App(name="conversation", help="Look at conversations; every look is recorded.")
    app.command(conversation)

    @conversation.command(name="list")
    def list_(tenant: str, *, limit: Limit = 50, json: AsJson = False) -> None:
        """List a workspace's conversations, newest first."""

        async def work(installation: Installation) -> list[conversations.Conversation]:
            actor = await platform_actor(installation.database, tenant)
            async with installation.database.tenant_session(actor) as db:
                return await conversations.list_all(db, limit=limit)

        found = run_command(runners, work)
        if json:
            print_json(found)
        else:
            print_table(
                ["conversation", "status", "with", "channel", "messages", "begun"],
                [
                    (one.id, one.status, one.handler, one.channel, one.last_position, one.created_at)
                    for one in found
                ],
                empty=f'No conversation yet. Begin one: answerable ask {tenant} "…"',
            )

    @conversation.command
    def show(tenant: str, conversation_id: UUID, *, json: AsJson = False) -> None:
        """Show a conversation with its messages and the identifiers of its turns."""

        async def work(
            installation: Installation,
        ) -> tuple[conversations.Dialogue, list[answering.TurnId]]:
            actor = await platform_actor(installation.database, tenant)
            async with installation.database.tenant_session(actor) as db:
                dialogue = await conversations.view(db, ConversationId(conversation_id))
                return dialogue, await answering.list_turns(db, ConversationId(conversation_id))

        dialogue, turns = run_command(runners, work)
        if json:
            print_json({"conversation": dialogue.conversation, "messages": dialogue.messages, "turns": turns})
            return
        print(f"{dialogue.conversation.status.value}, with {dialogue.conversation.handler.value}\n")
        for message in dialogue.messages:
            print(f"{message.created_at:%Y-%m-%d %H:%M:%S}  {message.author.value}")
            print(f"{message.text if message.text is not None else '[erased]'}\n")
        print("Turns: " + ", ".join(str(turn) for turn in turns))
