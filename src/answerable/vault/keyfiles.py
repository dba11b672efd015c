"""The key folder: the installation's key, and per tenant its keys, its search key and its newest ring.

Every file is text: a line that says what it is, then base64. Nothing is kept in memory between two calls.

    installation.key                 32 random bytes
    tenants/<tenant>/<n>.key         the tenant's key of generation n, wrapped by the installation's
    tenants/<tenant>/<n>.ring        the subjects' keys that lived when generation n began, wrapped by it
    tenants/<tenant>/search.key      the key of look-up tokens, wrapped by the installation's; never rotates
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from answerable.infra.ids import TenantId
from answerable.vault import rules
from answerable.vault.errors import (
    InstallationKeyMissing,
    KeyFileMalformed,
    KeyFileMissing,
    RecoveryNeeded,
)
from answerable.vault.secretfiles import (
    create_file,
    destroy_file,
    list_names,
    make_folder,
    read_file,
    refuse_exposed_folder,
)
from answerable.vault.values import KeyId

_INSTALLATION = "answerable-installation-key/v1"
_TENANT = "answerable-tenant-key/v1"
_SEARCH = "answerable-search-key/v1"
_RING = "answerable-key-ring/v1"
_ID_BYTES = 16
_RING_ENTRY_BYTES = _ID_BYTES + rules.WRAPPED_KEY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys that lie outside the database."""

    folder: Path

    def tenants(self) -> list[TenantId]:
        """Every tenant that has keys here.

        Errors:  KeysExposed, KeyFileMalformed.
        """
        try:
            return [TenantId(UUID(name)) for name in list_names(self.folder / "tenants")]
        except ValueError as error:
            raise KeyFileMalformed(str(self.folder / "tenants")) from error

    def open_tenant(self, tenant_id: TenantId) -> int:
        """Make what a tenant lacks here, and return its newest generation.

        Effects: on the first call of all, the installation's key as well.
        Errors:  KeysExposed, KeyFileMalformed, InstallationKeyMissing.
        """
        self._ensure_installation_key()
        make_folder(self.folder / "tenants")
        make_folder(self._tenant_folder(tenant_id))
        self._create_wrapped(tenant_id, "search.key", label=_SEARCH)
        newest = self.newest_generation(tenant_id)
        if newest:
            return newest
        self.add_generation(tenant_id, 1)
        return 1

    def newest_generation(self, tenant_id: TenantId) -> int:
        """The highest generation that has a key file, in use or not; 0 when there is none."""
        return max(self._numbers(tenant_id, ".key"), default=0)

    def newest_ring(self, tenant_id: TenantId) -> int:
        """The newest generation that a finished rotation began; 0 when there was no rotation yet."""
        return max(self._numbers(tenant_id, ".ring"), default=0)

    def add_generation(self, tenant_id: TenantId, generation: int) -> None:
        """Make a tenant's key of a generation; one that exists stays as it is.

        Errors:  KeysExposed, KeyFileMalformed, InstallationKeyMissing.
        """
        self._create_wrapped(tenant_id, f"{generation}.key", label=_TENANT)

    def tenant_key(self, tenant_id: TenantId, generation: int) -> bytes:
        """The tenant's key of a generation.

        Errors:  RecoveryNeeded when a rotation has ended it, KeyFileMissing when it is not there for any
                 other reason; KeysExposed, KeyFileMalformed, InstallationKeyMissing.
        """
        key = self._read_wrapped(tenant_id, f"{generation}.key", label=_TENANT)
        if key is None:
            self.refuse_older_than_ring(tenant_id, generation)
            raise KeyFileMissing(f"{self._tenant_folder(tenant_id) / f'{generation}.key'}.")
        return key

    def search_key(self, tenant_id: TenantId) -> bytes:
        """The key of a tenant's look-up tokens.

        Errors:  KeyFileMissing, KeysExposed, KeyFileMalformed, InstallationKeyMissing.
        """
        key = self._read_wrapped(tenant_id, "search.key", label=_SEARCH)
        if key is None:
            raise KeyFileMissing(f"{self._tenant_folder(tenant_id) / 'search.key'}.")
        return key

    def refuse_older_than_ring(self, tenant_id: TenantId, generation: int) -> None:
        """Refuse a generation that a finished rotation has ended.

        Errors:  RecoveryNeeded.
        """
        if generation < self.newest_ring(tenant_id):
            raise RecoveryNeeded

    def write_ring(self, tenant_id: TenantId, generation: int, entries: Mapping[KeyId, bytes]) -> None:
        """Note which subjects' keys live on in a generation; a ring that exists stays as it is.

        Its existence says that the rotation is committed, so it is written after that and before any older
        key is destroyed.
        """
        content = b"".join(key_id.bytes + wrapped for key_id, wrapped in sorted(entries.items()))
        label = _ring_label(generation)
        sealed = rules.wrap(self.tenant_key(tenant_id, generation), content, binding=_bind(label, tenant_id))
        create_file(self._tenant_folder(tenant_id) / f"{generation}.ring", sealed, label=_RING)

    def read_ring(self, tenant_id: TenantId, generation: int) -> dict[KeyId, bytes]:
        """Which subjects' keys lived when a generation began, each wrapped by it.

        Errors:  KeyFileMissing, KeysExposed, KeyFileMalformed, InstallationKeyMissing.
        """
        path = self._tenant_folder(tenant_id) / f"{generation}.ring"
        sealed = read_file(path, label=_RING)
        if sealed is None:
            raise KeyFileMissing(f"{path}.")
        content = rules.unwrap(
            self.tenant_key(tenant_id, generation),
            sealed,
            binding=_bind(_ring_label(generation), tenant_id),
        )
        if content is None or len(content) % _RING_ENTRY_BYTES:
            raise KeyFileMalformed(str(path))
        entries = (
            content[start : start + _RING_ENTRY_BYTES] for start in range(0, len(content), _RING_ENTRY_BYTES)
        )
        return {KeyId(UUID(bytes=entry[:_ID_BYTES])): entry[_ID_BYTES:] for entry in entries}

    def has_older(self, tenant_id: TenantId, generation: int) -> bool:
        """Whether files of an older generation are still here."""
        return any(number < generation for number in self._numbers(tenant_id))

    def destroy_older(self, tenant_id: TenantId, generation: int) -> None:
        """Destroy every key and ring of the generations before this one, for good."""
        folder = self._tenant_folder(tenant_id)
        for name in list_names(folder):
            number = name.partition(".")[0]
            if number.isdecimal() and int(number) < generation:
                destroy_file(folder / name)

    def check(self) -> None:
        """Read every file that counts, for whoever asks whether the key folder is in order.

        Errors:  KeyFileMissing, KeysExposed, KeyFileMalformed, InstallationKeyMissing.
        """
        for tenant_id in self.tenants():
            self.search_key(tenant_id)
            for generation in self._numbers(tenant_id, ".key"):
                self.tenant_key(tenant_id, generation)
            if ring := self.newest_ring(tenant_id):
                self.read_ring(tenant_id, ring)

    def _tenant_folder(self, tenant_id: TenantId) -> Path:
        return self.folder / "tenants" / str(tenant_id)

    def _numbers(self, tenant_id: TenantId, ending: str = "") -> list[int]:
        parts = (name.partition(".") for name in list_names(self._tenant_folder(tenant_id)))
        return [
            int(number)
            for number, dot, kind in parts
            if number.isdecimal() and (not ending or dot + kind == ending)
        ]

    def _ensure_installation_key(self) -> None:
        make_folder(self.folder)
        # Asked in this order, since a process that runs beside this one makes the key before any tenant.
        has_tenants = bool(self.tenants())
        path = self.folder / "installation.key"
        if read_file(path, label=_INSTALLATION) is not None:
            return
        if has_tenants:
            raise InstallationKeyMissing(str(path))
        create_file(path, rules.make_key(), label=_INSTALLATION)

    def _installation_key(self) -> bytes:
        path = self.folder / "installation.key"
        key = read_file(path, label=_INSTALLATION)
        if key is None:
            raise InstallationKeyMissing(str(path))
        if len(key) != rules.KEY_BYTES:
            raise KeyFileMalformed(str(path))
        return key

    def _create_wrapped(self, tenant_id: TenantId, name: str, *, label: str) -> None:
        content = rules.wrap(
            self._installation_key(), rules.make_key(), binding=_bind(f"{label}/{name}", tenant_id)
        )
        create_file(self._tenant_folder(tenant_id) / name, content, label=label)

    def _read_wrapped(self, tenant_id: TenantId, name: str, *, label: str) -> bytes | None:
        path = self._tenant_folder(tenant_id) / name
        wrapped = read_file(path, label=label)
        if wrapped is None:
            return None
        refuse_exposed_folder(self.folder / "tenants")
        key = rules.unwrap(self._installation_key(), wrapped, binding=_bind(f"{label}/{name}", tenant_id))
        if key is None or len(key) != rules.KEY_BYTES:
            raise KeyFileMalformed(str(path))
        return key


def _ring_label(generation: int) -> str:
    return f"{_RING}/{generation}.ring"


def _bind(label: str, tenant_id: TenantId) -> bytes:
    return label.encode() + b"\0" + tenant_id.bytes
