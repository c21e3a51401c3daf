"""A bounded load on one address of the loopback: ``load.py HOST:PORT PATH REQUESTS CLIENTS``.

Each client is a thread with one connection that is kept alive; all of them
together send so many requests, each after the answer to the one before.  Prints
one JSON object: ``{"seconds", "rate", "p50", "p99", "failed"}``, times in seconds.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time


class Client(threading.Thread):
    """Nothing is tried again: what fails is counted, and ends the client."""

    def __init__(self, place: tuple[str, int], path: str, requests: int) -> None:
        super().__init__()
        self._place = place
        head = f"GET {path} HTTP/1.1\r\nHost: {place[0]}\r\nConnection: keep-alive\r\n\r\n"
        self._request = head.encode()
        self._requests = requests
        self.times: list[float] = []
        self.failed = 0

    def run(self) -> None:
        with socket.create_connection(self._place, 30) as sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for _ in range(self._requests):
                began = time.perf_counter()
                sock.sendall(self._request)
                if not answered(sock):
                    self.failed = self._requests - len(self.times)
                    return
                self.times.append(time.perf_counter() - began)


def answered(sock: socket.socket) -> bool:
    """Read one whole answer; is it a 200?"""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = sock.recv(1 << 16)
        if not chunk:
            return False
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    missing = int(fields[b"content-length"]) - len(body)
    while missing > 0:
        chunk = sock.recv(1 << 16)
        if not chunk:
            return False
        missing -= len(chunk)
    return head.startswith(b"HTTP/1.1 200 ")


def main(address: str, path: str, requests: str, clients: str) -> None:
    host, _, port = address.rpartition(":")
    each = int(requests) // int(clients)
    threads = [Client((host, int(port)), path, each) for _ in range(int(clients))]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    times = sorted(row for thread in threads for row in thread.times)
    answer = {
        "seconds": seconds,
        "rate": len(times) / seconds,
        "p50": times[len(times) // 2],
        "p99": times[len(times) * 99 // 100],
        "failed": sum(thread.failed for thread in threads),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
