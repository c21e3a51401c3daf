"""Answers every request with its process id; whom it has accepted it answers before it ends."""

import os
import select
import signal
import socket
import sys
import time

from relforge.runtime import config, ready


def main() -> None:
    listener = socket.socket(fileno=3)
    listener.setblocking(False)  # who is in the queue may have been taken by another process
    asked, ask = os.pipe()
    os.set_blocking(ask, False)
    time.sleep(config["http.late"])
    signal.set_wakeup_fd(ask)
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    print("the web service is at work")
    print("it writes errors as well", file=sys.stderr)
    ready()
    while asked not in (found := select.select([listener.fileno(), asked], [], [])[0]):
        if found:
            answer(listener)


def answer(listener: socket.socket) -> None:
    try:
        connection, _ = listener.accept()
    except BlockingIOError:
        return
    with connection:
        connection.setblocking(True)
        connection.recv(1 << 16)
        body = f"{os.getpid()}\n"
        head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall((head + body).encode())
