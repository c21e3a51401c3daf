"""Clients that ask for one page, about twenty times a second each, until SIGTERM or the limit.

    load.py URL SECONDS CLIENTS

Half of them keep their connection, half make one for each request.  None tries again: an error,
or any answer but 200, is a request that failed.  Prints one JSON object.
"""

from __future__ import annotations

import collections
import http.client
import json
import signal
import sys
import threading
import time
import urllib.parse

PAUSE = 0.05  # seconds between two requests of a client


class Load:
    """What the clients have seen: answers by their text, failures by their kind."""

    def __init__(self, url: str, seconds: float) -> None:
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname or "", parts.port or 80
        self.path = parts.path or "/"
        self.end = time.monotonic() + seconds
        self.answers: collections.Counter[str] = collections.Counter()
        self.failed: collections.Counter[str] = collections.Counter()
        self.slowest = 0.0
        self._lock = threading.Lock()

    def stop(self, _number: int, _frame: object) -> None:
        self.end = 0.0

    def client(self, keeps: bool) -> None:
        connection = None
        while time.monotonic() < self.end:
            began = time.monotonic()
            try:
                connection = connection or self._connect()
                connection.request("GET", self.path)
                answer = connection.getresponse()
                self._note(answer.status, answer.read().decode(), time.monotonic() - began)
                if not keeps or answer.will_close:
                    connection.close()
                    connection = None
            except (OSError, http.client.HTTPException) as error:
                self._note(0, type(error).__name__, time.monotonic() - began)
                connection = None
            time.sleep(PAUSE)

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=10)

    def _note(self, status: int, text: str, took: float) -> None:
        with self._lock:
            self.slowest = max(self.slowest, took)
            if status == 200:
                self.answers[text] += 1
            else:
                self.failed[f"{status or ''} {text.strip()[:40]}".strip()] += 1


def main(url: str, seconds: str, clients: str) -> None:
    load = Load(url, float(seconds))
    signal.signal(signal.SIGTERM, load.stop)
    threads = [
        threading.Thread(target=load.client, args=(bool(number % 2),))
        for number in range(int(clients))
    ]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    for thread in threads:
        thread.join()
    slowest = round(load.slowest, 3)
    print(json.dumps({"answers": load.answers, "failed": load.failed, "slowest": slowest}))


if __name__ == "__main__":
    main(*sys.argv[1:])
