"""``logs``: the file that a supervisor in the background writes."""

from __future__ import annotations

import os
import sys
import time

from .. import manifest, paths
from ..client import options
from ..errors import DONE, FAILED, USAGE, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LINES = 100
_EVERY = 0.2  # seconds between two looks at the file
_BLOCK = 1 << 16


def logs(argv: list[str]) -> int:
    """The last lines, of one service or process where it is named; ``-f`` goes on."""
    given = options.parse(argv, flags="-f --follow", values="-n --lines")
    options.most(given, 1, "logs [-f] [-n LINES] [SERVICE[.N]]")
    count = _count(given.values.get("-n", given.values.get("--lines", str(_LINES))))
    root = manifest.root()
    release = manifest.load(root)
    who = _who(given.words[0], release["services"]) if given.words else None
    path = os.path.join(paths.of(root).log, f"{release['name']}.log")
    try:
        with open(path, "rb") as file:
            end = _tail(file.fileno(), count, who)
    except FileNotFoundError:
        raise Refusal(
            f"{path}: there is no log yet",
            hint="`start` writes it; in the foreground, whoever started it has the output "
            "(systemd: journalctl -u UNIT)",
            code=FAILED,
        ) from None
    except PermissionError as error:
        raise Refusal(f"{path}: {error.strerror}") from None
    if given.flags:
        for line in _follow(path, end):
            if _fits(line, who):
                _print([line])
    return DONE


def _count(text: str) -> int:
    if not text.isdecimal():
        raise Refusal(f"-n {text}: not a number of lines", code=USAGE)
    return int(text)


def _who(word: str, services: dict[str, object]) -> bytes:
    from ..supervise.journal import SUPERVISOR

    name = word.partition(".")[0]
    if name not in services and word != SUPERVISOR:
        known = ", ".join([*sorted(services), SUPERVISOR])
        raise Refusal(f"there is no service {word!r}", hint=f"there are {known}", code=USAGE)
    return word.encode()


def _fits(line: bytes, who: bytes | None) -> bool:
    if who is None:
        return True
    # `2026-11-23T15:40:55.123Z web.1 | text`
    words = line.split(b" ", 2)
    return len(words) > 1 and (words[1] == who or words[1].partition(b".")[0] == who)


def _tail(fd: int, count: int, who: bytes | None) -> int:
    """Print the last fitting lines, reading backwards; the offset of the end."""
    end = at = os.fstat(fd).st_size
    rest = b""
    found: list[bytes] = []
    while at > 0 and len(found) < count:
        size = min(_BLOCK, at)
        at -= size
        first, *lines = (os.pread(fd, size, at) + rest).split(b"\n")
        rest = first
        if at == 0:
            lines.insert(0, first)
        found[:0] = [line for line in lines if line and _fits(line, who)]
    _print(found[-count:] if count else [])
    return end


def _follow(path: str, offset: int) -> Iterator[bytes]:
    """Whole lines from there on; a new file under the name is read from its beginning."""
    rest = b""
    file = open(path, "rb", buffering=0)  # noqa: SIM115 - replaced while it is followed
    file.seek(offset)
    while True:
        chunk = file.read(_BLOCK)
        if chunk:
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
            continue
        time.sleep(_EVERY)
        try:
            now = os.stat(path)
        except FileNotFoundError:
            continue
        ours = os.fstat(file.fileno())
        if now.st_ino != ours.st_ino or now.st_size < file.tell():
            file.close()
            file = open(path, "rb", buffering=0)  # noqa: SIM115


def _print(lines: list[bytes]) -> None:
    out = sys.stdout.buffer
    out.writelines(line + b"\n" for line in lines)
    out.flush()
