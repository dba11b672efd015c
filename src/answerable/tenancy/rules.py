"""Who may do what: one table, deny by default. And what a name or an address must look like."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from answerable.infra.ids import Actor, ActorKind
from answerable.tenancy.errors import EmailInvalid, NameInvalid, PermissionDenied, SlugInvalid
from answerable.tenancy.values import Permission, Role

MAX_NAME = 80
"""The longest name of a workspace, in characters."""

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_EMAIL = re.compile(r"[^\s@<>\x00-\x1f]{1,64}@[^\s@<>\x00-\x1f]{1,190}\.[^\s@<>.\x00-\x1f]{2,63}")

_READ = frozenset({Permission.VIEW_TENANT, Permission.VIEW_KNOWLEDGE, Permission.VIEW_CONVERSATIONS})
_RESPOND = _READ | {
    Permission.RESPOND,
    Permission.TAKE_OVER,
    Permission.CLOSE_CONVERSATION,
    Permission.ASK,
}
_ADMIN = _RESPOND | {
    Permission.MANAGE_MEMBERS,
    Permission.IMPORT_KNOWLEDGE,
    Permission.DELETE_KNOWLEDGE,
    Permission.VIEW_LOG,
    Permission.WATCH_LOG,
    Permission.MANAGE_SETTINGS,
    Permission.MANAGE_JOBS,
}

OF_ROLE: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {
        Role.OWNER: _ADMIN,
        Role.ADMIN: _ADMIN,
        Role.PRIVACY_OFFICER: _READ | {Permission.VIEW_LOG, Permission.WATCH_LOG},
        Role.AUDITOR: frozenset(
            {Permission.VIEW_TENANT, Permission.VIEW_KNOWLEDGE, Permission.VIEW_LOG, Permission.WATCH_LOG}
        ),
        Role.RESPONDER: _RESPOND,
        Role.VIEWER: _READ,
    }
)
"""What a member of each role may do."""

OF_KIND: Mapping[ActorKind, frozenset[Permission]] = MappingProxyType(
    {
        # Whoever runs the command line on the machine can read the keys anyway; the log says that they did.
        ActorKind.PLATFORM: frozenset(Permission),
        ActorKind.ASSISTANT: frozenset(
            {Permission.ANSWER, Permission.VIEW_TENANT, Permission.VIEW_KNOWLEDGE}
        ),
        ActorKind.CONTACT: frozenset({Permission.ASK}),
        ActorKind.SYSTEM: frozenset({Permission.ANSWER, Permission.VIEW_TENANT, Permission.IMPORT_KNOWLEDGE}),
        ActorKind.KEY: frozenset({Permission.WATCH_LOG}),
        ActorKind.MEMBER: frozenset[Permission](),
    }
)
"""What actors that are no members may do; a member's permissions come from the role alone."""


def permissions_of(actor: Actor) -> frozenset[Permission]:
    """Everything an actor may do; nothing for a role that is not known."""
    if actor.kind is ActorKind.MEMBER:
        return OF_ROLE[Role(actor.role)] if actor.role in set(Role) else frozenset()
    return OF_KIND[actor.kind]


def require(actor: Actor, permission: Permission) -> None:
    """Go on only if the actor may.

    Errors:  PermissionDenied.
    """
    if permission not in permissions_of(actor):
        raise PermissionDenied(f"It needs `{permission.value}`.")


def check_slug(slug: str) -> str:
    """The slug, if it is one.

    Errors:  SlugInvalid.
    """
    if not _SLUG.fullmatch(slug):
        raise SlugInvalid
    return slug


def check_name(name: str) -> str:
    """The name of a workspace, trimmed.

    Errors:  NameInvalid.
    """
    trimmed = name.strip()
    # Contacts read it in sentences of ours: what cannot be seen could turn those round.
    if not 0 < len(trimmed) <= MAX_NAME or any(unicodedata.category(one) in _INVISIBLE for one in trimmed):
        raise NameInvalid
    return trimmed


def normalise_email(address: str) -> str:
    """The one spelling under which an address is looked up.

    Errors:  EmailInvalid.
    """
    trimmed = address.strip().lower()
    if not _EMAIL.fullmatch(trimmed):
        raise EmailInvalid
    return trimmed
