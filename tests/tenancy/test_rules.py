"""Who may do what: the whole table of roles and permissions, denied by default; names and addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.infra.ids import Actor, ActorKind, TenantId, uuid7
from answerable.tenancy import Permission, Role, require
from answerable.tenancy.errors import EmailInvalid, NameInvalid, PermissionDenied, SlugInvalid
from answerable.tenancy.rules import (
    OF_KIND,
    OF_ROLE,
    check_name,
    check_slug,
    normalise_email,
    permissions_of,
)

TENANT = TenantId(uuid7())
LOOKING = {
    Permission.VIEW_TENANT,
    Permission.VIEW_KNOWLEDGE,
    Permission.VIEW_CONVERSATIONS,
    Permission.VIEW_LOG,
}
PLATFORM_ALONE = {Permission.CREATE_TENANT, Permission.RECOVER_KEYS}

# The table as the documentation prints it, written out so that a change of the code is a change here too.
ALLOWED: dict[str, str] = {
    #                                 owner admin privacy auditor responder viewer
    Permission.CREATE_TENANT: "       -     -     -       -       -         -     ",
    Permission.MANAGE_MEMBERS: "      x     x     -       -       -         -     ",
    Permission.VIEW_TENANT: "         x     x     x       x       x         x     ",
    Permission.IMPORT_KNOWLEDGE: "    x     x     -       -       -         -     ",
    Permission.VIEW_KNOWLEDGE: "      x     x     x       x       x         x     ",
    Permission.DELETE_KNOWLEDGE: "    x     x     -       -       -         -     ",
    Permission.ASK: "                 x     x     -       -       x         -     ",
    Permission.ANSWER: "              -     -     -       -       -         -     ",
    Permission.VIEW_CONVERSATIONS: "  x     x     x       -       x         x     ",
    Permission.RESPOND: "             x     x     -       -       x         -     ",
    Permission.TAKE_OVER: "           x     x     -       -       x         -     ",
    Permission.CLOSE_CONVERSATION: "           x     x     -       -       x         -     ",
    Permission.VIEW_LOG: "            x     x     x       x       -         -     ",
    Permission.WATCH_LOG: "           x     x     x       x       -         -     ",
    Permission.RECOVER_KEYS: "        -     -     -       -       -         -     ",
    Permission.MANAGE_SETTINGS: "     x     x     -       -       -         -     ",
    Permission.MANAGE_JOBS: "         x     x     -       -       -         -     ",
}

kinds = st.sampled_from(ActorKind)
roles = st.sampled_from(Role)
permissions = st.sampled_from(Permission)


def actor(kind: ActorKind = ActorKind.MEMBER, *, role: str | None = None) -> Actor:
    return Actor(tenant_id=TENANT, kind=kind, id=uuid7(), role=role)


def may(who: Actor, permission: Permission) -> bool:
    try:
        require(who, permission)
    except PermissionDenied:
        return False
    return True


@pytest.mark.parametrize("permission", Permission)
def test_each_role_may_do_exactly_what_the_table_says(permission: Permission) -> None:
    expected = [mark == "x" for mark in ALLOWED[permission].split()]

    assert [may(actor(role=role.value), permission) for role in Role] == expected


def test_the_table_names_every_role_and_every_kind_of_actor() -> None:
    assert set(OF_ROLE) == set(Role)
    assert set(OF_KIND) == set(ActorKind)


@given(st.text().filter(lambda text: text not in set(Role)) | st.none(), permissions)
def test_a_role_that_is_not_known_may_do_nothing(role: str | None, permission: Permission) -> None:
    assert not may(actor(role=role), permission)


@given(kinds.filter(lambda kind: kind is not ActorKind.MEMBER), roles, permissions)
def test_a_role_lends_nothing_to_who_is_no_member(
    kind: ActorKind, role: Role, permission: Permission
) -> None:
    assert may(actor(kind, role=role.value), permission) == may(actor(kind), permission)


@given(permissions)
def test_a_viewer_never_changes_anything(permission: Permission) -> None:
    if may(actor(role=Role.VIEWER.value), permission):
        assert permission in LOOKING


@given(roles, permissions)
def test_an_owner_may_do_all_that_any_other_role_may(role: Role, permission: Permission) -> None:
    if may(actor(role=role.value), permission):
        assert may(actor(role=Role.OWNER.value), permission)


@given(kinds, st.none() | roles.map(str), st.sampled_from(sorted(PLATFORM_ALONE)))
def test_tenants_and_restored_keys_are_matters_of_the_platform(
    kind: ActorKind, role: str | None, permission: Permission
) -> None:
    assert may(actor(kind, role=role), permission) == (kind is ActorKind.PLATFORM)


def test_the_assistant_answers_and_reads_what_it_answers_from() -> None:
    assert permissions_of(actor(ActorKind.ASSISTANT)) == {
        Permission.ANSWER,
        Permission.VIEW_TENANT,
        Permission.VIEW_KNOWLEDGE,
    }


def test_a_contact_asks_and_does_nothing_else() -> None:
    assert permissions_of(actor(ActorKind.CONTACT)) == {Permission.ASK}


def test_a_key_sees_heads_and_hashes_of_the_log_and_nothing_else() -> None:
    assert permissions_of(actor(ActorKind.KEY)) == {Permission.WATCH_LOG}


def test_a_refusal_names_what_was_needed() -> None:
    with pytest.raises(PermissionDenied, match="`take_over`"):
        require(actor(role=Role.VIEWER.value), Permission.TAKE_OVER)


@given(st.from_regex(r"[a-z][a-z0-9-]{1,39}", fullmatch=True))
def test_a_short_name_is_taken_as_it_is(slug: str) -> None:
    assert check_slug(slug) == slug


@given(st.text())
def test_what_is_taken_as_a_short_name_fits_an_address(slug: str) -> None:
    try:
        taken = check_slug(slug)
    except SlugInvalid:
        return

    assert taken.isascii()
    assert 2 <= len(taken) <= 40
    assert not set(taken) - set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize(
    "slug", ["", "a", "Shop", "1shop", "-shop", "shop ", "shop\n", "a" * 41, "shöp", "a_b"]
)
def test_what_is_no_short_name_is_refused(slug: str) -> None:
    with pytest.raises(SlugInvalid):
        check_slug(slug)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("owner@example.com", "owner@example.com"),
        ("  Owner@Example.COM \n", "owner@example.com"),
        ("o.w+n_er@mail.example.co.uk", "o.w+n_er@mail.example.co.uk"),
        ("jürgen@müller.example", "jürgen@müller.example"),
    ],
)
def test_an_address_has_one_spelling(written: str, kept: str) -> None:
    assert normalise_email(written) == kept
    assert normalise_email(kept) == kept


@pytest.mark.parametrize(
    "address",
    [
        "",
        "owner",
        "owner@",
        "@example.com",
        "owner@example",
        "a b@example.com",
        "a@b@example.com",
        "Owner <owner@example.com>",
        "a\x00b@example.com",
        "a@example.com\nbcc: b@example.com",
        "x" * 65 + "@a.de",
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(EmailInvalid) as refused:
        normalise_email(address)

    assert refused.value.detail == ""


@pytest.mark.parametrize(
    ("written", "kept"), [("Shop", "Shop"), ("  Müller & Söhne ", "Müller & Söhne"), ("n" * 80, "n" * 80)]
)
def test_a_name_is_kept_without_the_space_around_it(written: str, kept: str) -> None:
    assert check_name(written) == kept


@pytest.mark.parametrize("name", ["", "  ", "n" * 81, "a\x00b", "a\nb", "a\u202eb", "a\u2028b", "a\ud800b"])
def test_a_name_that_contacts_could_not_read_in_a_sentence_is_refused(name: str) -> None:
    with pytest.raises(NameInvalid):
        check_name(name)
