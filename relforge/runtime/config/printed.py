"""What a program prints, within limits of time and size."""

from __future__ import annotations

import os
import selectors
import subprocess
import time

from .provider import Failure, Unavailable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .provider import Context

MOST = 16 << 20  # bytes on standard output
_LINES = 5  # of a failed program's stderr
_MOST_ERRORS = 1 << 16  # bytes of it that are kept
_TICK = 0.05  # seconds: whether it has ended, while somebody else holds its pipes


class NotFound(Failure):
    """There is no such program."""


def by(words: list[str], context: Context) -> bytes:
    """Run the program in the release's directory, without input; its standard output.

    Raises NotFound, Unavailable where it fails or takes too long (then it is
    killed), Failure where it prints too much.  What it has started in the
    background does not keep us waiting, and ends with the loader.
    """
    name = words[0]
    try:
        process = subprocess.Popen(
            words,
            cwd=context.root,
            env=context.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound(f"{name}: no such program") from None
    except OSError as error:
        raise Failure(f"{name}: {error.strerror}") from None
    except ValueError as error:  # NUL in a word
        raise Failure(f"{name}: {error}") from None
    try:
        result, errors = _read(process, name, context.timeout)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
    if process.returncode:
        last = errors.decode(errors="replace").strip().splitlines()[-_LINES:]
        code = process.returncode
        how = f"ended with {code}" if code > 0 else f"was killed by signal {-code}"
        raise Unavailable("\n      ".join([f"{name}: {how}", *last]))
    return result


def _read(process: subprocess.Popen[bytes], name: str, seconds: float) -> tuple[bytes, bytes]:
    deadline = time.monotonic() + seconds
    found = {"out": bytearray(), "err": bytearray()}
    with selectors.DefaultSelector() as selector:
        for pipe, key in ((process.stdout, "out"), (process.stderr, "err")):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_READ, key)
        while selector.get_map():
            if time.monotonic() >= deadline:
                raise Unavailable(f"{name}: did not end within {seconds:g} s")
            ended = process.poll() is not None
            ready = selector.select(_TICK)
            if ended and not ready:
                break
            for row, _ in ready:
                chunk = os.read(row.fd, 1 << 16)
                if not chunk:
                    selector.unregister(row.fileobj)
                found[row.data] += chunk
            del found["err"][:-_MOST_ERRORS]
            if len(found["out"]) > MOST:
                raise Failure(f"{name}: printed more than {MOST >> 20} MiB")
        try:
            process.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            raise Unavailable(f"{name}: did not end within {seconds:g} s") from None
    return bytes(found["out"]), bytes(found["err"])
