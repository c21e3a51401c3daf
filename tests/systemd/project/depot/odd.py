"""A service that misbehaves as the configuration says."""

import contextlib
import os
import signal
import socket
import time

from relforge.runtime import config, ready

MOST = 200  # processes of the bomb, should nothing stop it before


def main() -> None:
    {"well": well, "deaf": deaf, "never": never, "bomb": bomb, "eats": eats}[config["odd"]]()


def web_answers() -> bool:
    try:
        with socket.create_connection(("127.0.0.1", config["http.port"]), 10) as web:
            web.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return web.recv(100) != b""
    except OSError:
        return False


def well() -> None:
    ready()
    never()


def never() -> None:
    while True:
        time.sleep(1)


def deaf() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    well()


def eats() -> None:
    """Takes all the memory there is, once; its successor is well."""
    mark = os.path.join(os.environ["RELEASE_STATE_DIR"], "eaten")
    ready()
    if not os.path.exists(mark):
        while not web_answers():
            time.sleep(0.05)
        open(mark, "w").close()
        taken = []
        for _ in range(MOST):
            taken.append(b"x" * (16 << 20))
    never()


def bomb() -> None:
    """Forks as long as it may, once there is somebody to take the room from."""
    ready()
    while not web_answers():
        time.sleep(0.05)
    for _ in range(MOST):
        with contextlib.suppress(OSError):
            if os.fork() == 0:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                never()
    never()
