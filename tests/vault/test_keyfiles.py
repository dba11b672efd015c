"""The key folder: who may read it, what is refused, what a race and a loss leave behind."""

import os
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from answerable.infra.ids import TenantId
from answerable.vault import rules
from answerable.vault.errors import (
    InstallationKeyMissing,
    KeyFileMalformed,
    KeyFileMissing,
    KeyFolderUnusable,
    KeysExposed,
    RecoveryNeeded,
)
from answerable.vault.keyfiles import Keys
from answerable.vault.secretfiles import destroy_file
from answerable.vault.values import KeyId

TENANT = TenantId(UUID("0193a1f0-0000-7000-8000-0000000000aa"))


@pytest.fixture
def opened(keys: Keys) -> Keys:
    keys.open_tenant(TENANT)
    return keys


def tenant_folder(keys: Keys) -> Path:
    return keys.folder / "tenants" / str(TENANT)


def test_a_new_tenant_has_a_first_generation_and_a_search_key(keys: Keys) -> None:
    generation = keys.open_tenant(TENANT)

    assert generation == 1
    assert keys.tenants() == [TENANT]
    assert sorted(path.name for path in tenant_folder(keys).iterdir()) == ["1.key", "search.key"]
    assert len(keys.tenant_key(TENANT, 1)) == 32
    assert keys.tenant_key(TENANT, 1) != keys.search_key(TENANT)


def test_opening_a_tenant_again_changes_no_file(opened: Keys) -> None:
    before = {path: path.read_bytes() for path in opened.folder.rglob("*") if path.is_file()}

    opened.open_tenant(TENANT)

    assert {path: path.read_bytes() for path in opened.folder.rglob("*") if path.is_file()} == before


def test_only_the_user_may_read_what_is_made_whatever_the_mask(keys: Keys) -> None:
    mask = os.umask(0)
    try:
        keys.open_tenant(TENANT)
    finally:
        os.umask(mask)

    modes = {path.relative_to(keys.folder): path.stat().st_mode & 0o777 for path in keys.folder.rglob("*")}

    assert keys.folder.stat().st_mode & 0o777 == 0o700
    assert {modes[path] for path in modes if path.suffix == ".key"} == {0o600}
    assert {modes[path] for path in modes if path.suffix != ".key"} == {0o700}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
@pytest.mark.parametrize("name", ["installation.key", f"tenants/{TENANT}/1.key"])
def test_a_key_file_that_others_may_reach_is_refused_with_the_remedy(
    opened: Keys, name: str, mode: int
) -> None:
    (opened.folder / name).chmod(mode)

    with pytest.raises(KeysExposed, match=f"chmod 600 .*{name}"):
        opened.tenant_key(TENANT, 1)


@pytest.mark.parametrize("name", ["", "tenants", f"tenants/{TENANT}"])
def test_a_key_folder_that_others_may_enter_is_refused_with_the_remedy(opened: Keys, name: str) -> None:
    (opened.folder / name).chmod(0o750)

    with pytest.raises(KeysExposed, match="chmod 700"):
        opened.tenant_key(TENANT, 1)


def test_a_key_file_of_another_user_is_refused(opened: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(KeysExposed, match="chown"):
        opened.tenant_key(TENANT, 1)


def test_a_link_in_place_of_a_key_file_is_refused(opened: Keys) -> None:
    file = tenant_folder(opened) / "1.key"
    file.rename(opened.folder / "moved")
    file.symlink_to(opened.folder / "moved")

    with pytest.raises(KeyFolderUnusable):
        opened.tenant_key(TENANT, 1)


def test_a_key_folder_that_is_a_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "keys").touch(mode=0o600)
    keys = Keys(folder=tmp_path / "keys")

    with pytest.raises(KeyFolderUnusable, match="ANSWERABLE_KEYS"):
        keys.open_tenant(TENANT)
    with pytest.raises(KeyFolderUnusable):
        keys.tenant_key(TENANT, 1)


def test_a_lost_installation_key_is_an_error_and_never_made_anew(opened: Keys) -> None:
    (opened.folder / "installation.key").unlink()

    with pytest.raises(InstallationKeyMissing):
        opened.open_tenant(TenantId(uuid4()))
    with pytest.raises(InstallationKeyMissing):
        opened.tenant_key(TENANT, 1)
    assert not (opened.folder / "installation.key").exists()


def test_a_lost_tenant_key_is_an_error(opened: Keys) -> None:
    (tenant_folder(opened) / "1.key").unlink()

    with pytest.raises(KeyFileMissing) as raised:
        opened.tenant_key(TENANT, 1)
    assert not isinstance(raised.value, RecoveryNeeded)


def _cut(content: bytes) -> bytes:
    return content[:-10]


def _relabel(content: bytes) -> bytes:
    return content.replace(b"/v1\n", b"/v2\n")


def _garble(content: bytes) -> bytes:
    return content.replace(b"\n", b"\n?", 1)


def _exchange(content: bytes) -> bytes:
    return content.partition(b"\n")[0] + b"\n" + b64encode(bytes(60)) + b"\n"


def _binary(_content: bytes) -> bytes:
    return b"\xff\xfe"


def _empty(_content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [_cut, _relabel, _garble, _exchange, _binary, _empty])
@pytest.mark.parametrize("name", ["installation.key", f"tenants/{TENANT}/1.key"])
def test_a_damaged_key_file_is_refused(opened: Keys, name: str, damage: Callable[[bytes], bytes]) -> None:
    file = opened.folder / name
    file.write_bytes(damage(file.read_bytes()))

    with pytest.raises(KeyFileMalformed):
        opened.tenant_key(TENANT, 1)


def test_a_key_file_opens_only_as_its_tenants_and_its_generations(opened: Keys) -> None:
    other = TenantId(uuid4())
    opened.open_tenant(other)
    own = (tenant_folder(opened) / "1.key").read_bytes()
    for name in (f"tenants/{TENANT}/2.key", f"tenants/{other}/1.key"):
        file = opened.folder / name
        file.touch(mode=0o600)
        file.write_bytes(own)

    with pytest.raises(KeyFileMalformed):
        opened.tenant_key(TENANT, 2)
    with pytest.raises(KeyFileMalformed):
        opened.tenant_key(other, 1)


def test_many_starting_at_once_end_with_one_installation_key(keys: Keys) -> None:
    tenants = [TenantId(uuid4()) for _ in range(24)]

    with ThreadPoolExecutor(max_workers=8) as pool:
        generations = list(pool.map(keys.open_tenant, tenants))

    assert generations == [1] * 24
    assert sorted(keys.tenants()) == sorted(tenants)
    keys.check()


def test_many_opening_one_tenant_end_with_one_key(keys: Keys) -> None:
    def open_and_read(_: int) -> bytes:
        return keys.tenant_key(TENANT, keys.open_tenant(TENANT))

    with ThreadPoolExecutor(max_workers=8) as pool:
        seen = set(pool.map(open_and_read, range(24)))

    assert len(seen) == 1


def test_a_draft_left_by_a_crash_is_written_over(opened: Keys) -> None:
    draft = tenant_folder(opened) / "2.key.new"
    draft.write_text("half a key")

    opened.add_generation(TENANT, 2)

    assert len(opened.tenant_key(TENANT, 2)) == 32
    assert not draft.exists()
    assert opened.newest_generation(TENANT) == 2


def test_a_ring_holds_what_was_written_and_is_written_once(opened: Keys) -> None:
    ring = {KeyId(uuid4()): os.urandom(rules.WRAPPED_KEY_BYTES) for _ in range(3)}

    opened.write_ring(TENANT, 1, ring)
    opened.write_ring(TENANT, 1, {})

    assert opened.read_ring(TENANT, 1) == ring
    assert opened.newest_ring(TENANT) == 1


def test_a_ring_without_keys_is_a_ring(opened: Keys) -> None:
    opened.write_ring(TENANT, 1, {})

    assert opened.read_ring(TENANT, 1) == {}


def test_a_changed_ring_is_refused(opened: Keys) -> None:
    opened.write_ring(TENANT, 1, {})
    opened.add_generation(TENANT, 2)
    file = tenant_folder(opened) / "1.ring"
    file.rename(tenant_folder(opened) / "2.ring")

    with pytest.raises(KeyFileMalformed):
        opened.read_ring(TENANT, 2)


def test_older_generations_are_destroyed_with_their_rings_and_drafts(opened: Keys) -> None:
    opened.write_ring(TENANT, 1, {})
    opened.add_generation(TENANT, 2)
    opened.write_ring(TENANT, 2, {})
    (tenant_folder(opened) / "1.key.new").touch()

    opened.destroy_older(TENANT, 2)

    assert sorted(path.name for path in tenant_folder(opened).iterdir()) == ["2.key", "2.ring", "search.key"]
    with pytest.raises(RecoveryNeeded):
        opened.tenant_key(TENANT, 1)


def test_a_destroyed_file_is_written_over_before_it_goes(tmp_path: Path) -> None:
    file = tmp_path / "some.key"
    file.write_bytes(b"secret" * 10)
    second_name = tmp_path / "second"
    second_name.hardlink_to(file)

    destroy_file(file)

    assert not file.exists()
    assert second_name.stat().st_size == 60
    assert b"secret" not in second_name.read_bytes()


def test_destroying_a_file_that_is_gone_is_done(tmp_path: Path) -> None:
    destroy_file(tmp_path / "gone.key")


def test_a_check_reads_every_file(opened: Keys) -> None:
    opened.check()
    (tenant_folder(opened) / "search.key").chmod(0o644)

    with pytest.raises(KeysExposed):
        opened.check()
