"""sd_notify(3): tell systemd, or whoever else started this process, how it is doing."""

import os
import socket


def notify(state: str) -> None:
    """Send `READY=1`, `STOPPING=1` and the like; does nothing when nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(state.encode(), address)
