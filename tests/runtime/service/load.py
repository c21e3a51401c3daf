"""Clients that count: what was answered, and each request that was not."""

from __future__ import annotations

import http.client
import threading
import time


class Load(threading.Thread):
    """One client, kept alive as far as the server keeps it; ends when nobody listens any more."""

    def __init__(self, port: int, path: str) -> None:
        super().__init__(daemon=True)
        self.port, self.path = port, path
        self.answered = 0
        self.lost: list[str] = []
        self.stopped = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        while not self.stopped.is_set():
            if connection.sock is None:
                try:
                    connection.connect()
                except ConnectionRefusedError:
                    return  # the server takes nobody in any more: no request was made
                except OSError as error:
                    self.lost.append(repr(error))
                    return
            try:
                connection.request("GET", self.path)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.lost.append(repr(error))
                connection.close()
                continue
            self.answered += 1
            time.sleep(0.002)
