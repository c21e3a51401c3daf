"""The server alone, as somebody starts it who has a socket: ``by_hand.py PORT MODULE:APP``."""

from __future__ import annotations

import socket
import sys

import uvicorn


def main(port: str, app: str) -> None:
    sock = socket.socket(proto=socket.IPPROTO_TCP)  # else asyncio leaves Nagle's algorithm on
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", int(port)))
    sock.listen(2048)
    sock.setblocking(False)
    uvicorn.Server(uvicorn.Config(app)).run(sockets=[sock])


if __name__ == "__main__":
    main(*sys.argv[1:])
