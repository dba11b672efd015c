"""Where the embedded server listens. Where its path is short enough that is a unix socket, else a port."""

import socket

from answerable.infra.home import write_private_file
from answerable.infra.postgres.configuration import LOOPBACK, SOCKET_PORT, Address, fits_a_socket
from answerable.infra.postgres.errors import PortInUse
from answerable.infra.postgres.place import Place


def choose_address(place: Place, fixed_port: int | None) -> Address:
    """The port asked for; else the socket if its path fits; else the port remembered, or a free one.

    Errors:  PortInUse, only for a port that was asked for.
    """
    if fixed_port is not None:
        require_free(fixed_port)
        return Address(socket_folder=None, port=fixed_port)
    socket_folder = place.run.resolve()
    if fits_a_socket(socket_folder):
        return Address(socket_folder=socket_folder, port=SOCKET_PORT)
    remembered = int(place.port.read_text(encoding="ascii")) if place.port.exists() else 0
    if remembered and _is_free(remembered):
        return Address(socket_folder=None, port=remembered)
    port = _find_free_port()
    write_private_file(place.port, f"{port}\n")
    return Address(socket_folder=None, port=port)


def require_free(port: int) -> None:
    """Refuse a port that another program listens on.

    Errors:  PortInUse.
    """
    if not _is_free(port):
        raise PortInUse(f"Port: {port}.")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As PostgreSQL does: connections of a server that just ended do not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
