"""Opening an installation whose key folder does not fit its database."""

from pathlib import Path

import pytest

from answerable.infra import roles
from answerable.infra.installation import prepare
from answerable.infra.postgres import Server
from answerable.infra.settings import Settings


async def test_a_password_of_another_key_folder_is_an_error_with_a_remedy(
    server: Server, settings: Settings, database_name: str, tmp_path: Path
) -> None:
    # A folder with all files in place, as a restored one would have, and passwords of another installation.
    folder = tmp_path / "keys" / "roles"
    folder.mkdir(parents=True, mode=0o700)
    for role in roles.ROLES:
        file = folder / f"{role.name}.password"
        file.write_text("another")
        file.chmod(0o600)

    with pytest.raises(roles.PasswordRefused):
        prepare(settings.model_copy(update={"keys": tmp_path / "keys"}), server)

    assert database_name
