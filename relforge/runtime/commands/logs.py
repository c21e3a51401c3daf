"""``logs``: the file that a supervisor in the background writes."""

from __future__ import annotations

import os
import sys
import time
from io import FileIO

from .. import options, paths, untrusted_text
from ..contract import manifest
from ..errors import DONE, FAILED, USAGE, Refusal
from ..regular_file import NotRegular, odd, open_own
from . import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LINES = 100
_MOMENT = "0000-00-00T00:00:00.000"
_EVERY = 0.2  # seconds between two looks at the file
_BLOCK = 1 << 16
_LONGEST = 1 << 20  # bytes of one line


def logs(argv: list[str]) -> int:
    """The last lines, of one service or process where it is named; ``-f`` goes on.

    What was rotated is read as well, as far back as it is asked for.
    """
    given = options.parse(argv, flags="-f --follow", values="-n --lines --since")
    options.most(given, 1, usage("logs"))
    since = _since(given.values["--since"]) if "--since" in given.values else b""
    lines = given.values.get("-n", given.values.get("--lines"))
    # Since a moment, all of them: who wants fewer says how many.
    count = _count(lines) if lines else sys.maxsize if since else _LINES
    root = manifest.root()
    release = manifest.load(root)
    who = _who(given.words[0], release["services"]) if given.words else None
    path = os.path.join(paths.of(root).log, f"{release['name']}.log")
    try:
        with open(open_own(path), "rb") as file:
            end = os.fstat(file.fileno()).st_size
            _print(_last(path, file.fileno(), count, who, since))
    except FileNotFoundError:
        raise Refusal(
            f"{path}: no log yet",
            hint="`start` writes it; in the foreground, the output goes to the process "
            "manager (systemd: journalctl -u UNIT)",
            code=FAILED,
        ) from None
    except NotRegular:
        raise odd(path) from None
    except OSError as error:
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


def _since(text: str) -> bytes:
    """A stamp as lines have it: of so long ago, or the moment itself."""
    from ..supervise.journal import stamp

    moment = text.removesuffix("Z").replace(" ", "T", 1)
    # As much of it as is there: lines are compared with it from the left.
    shape = "".join("0" if sign.isdecimal() else sign for sign in moment)
    if len(moment) >= len("2026-11-23") and _MOMENT.startswith(shape):
        return moment.encode()
    try:
        return stamp(time.time() - options.seconds(text, "--since")).encode()
    except Refusal:
        raise Refusal(
            f"--since {text}: neither a duration nor a time",
            hint="write 10m or 2h, or 2026-11-23T15:40 (UTC, as in the log)",
            code=USAGE,
        ) from None


def _who(word: str, services: dict[str, object]) -> bytes:
    from ..supervise.journal import AUDIT, SUPERVISOR

    name = word.partition(".")[0]
    if name not in services and word not in (SUPERVISOR, AUDIT):
        known = ", ".join([*sorted(services), SUPERVISOR, AUDIT])
        raise Refusal(f"no service {word!r}", hint=f"services: {known}", code=USAGE)
    return word.encode()


def _fits(line: bytes, who: bytes | None) -> bool:
    if who is None:
        return True
    # `2026-11-23T15:40:55.123Z web.1 | text`
    words = line.split(b" ", 2)
    return len(words) > 1 and (words[1] == who or words[1].partition(b".")[0] == who)


def _last(path: str, fd: int, count: int, who: bytes | None, since: bytes) -> list[bytes]:
    """The last fitting lines of the file, and of the rotated ones before it."""
    found = _tail(fd, count, who, since)
    number = 1
    while len(found) < count:
        try:
            with open(open_own(f"{path}.{number}"), "rb") as file:
                older = _tail(file.fileno(), count - len(found), who, since)
                begins = file.read(len(since))
        except OSError:
            break
        found[:0] = older
        number += 1
        if since and begins < since:
            break
    return found


def _tail(fd: int, count: int, who: bytes | None, since: bytes) -> list[bytes]:
    """The last fitting lines of one file, reading backwards."""
    at = os.fstat(fd).st_size
    rest = b""
    found: list[bytes] = []
    while at > 0 and len(found) < count:
        size = min(_BLOCK, at)
        at -= size
        first, *lines = (os.pread(fd, size, at) + rest).split(b"\n")
        rest = first
        if len(rest) > _LONGEST:
            break  # no line of a log: nobody has to wait for its beginning
        if at == 0:
            lines.insert(0, first)
        found[:0] = [line for line in lines if line and line >= since and _fits(line, who)]
        if since and lines and lines[0] and lines[0] < since:
            break
    return found[-count:] if count else []


def _follow(path: str, offset: int) -> Iterator[bytes]:
    """Whole lines from there on; a new file under the name is read from its beginning."""
    rest = b""
    file = _opened(path)
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
            # What was written between our last look and the change of files.
            *lines, rest = (rest + file.read()).split(b"\n")
            yield from lines
            file.close()
            file = _opened(path)


def _opened(path: str) -> FileIO:
    return FileIO(open_own(path), "rb")


def _print(lines: list[bytes]) -> None:
    """As they are; a terminal gets text, and no carriage returns of programs that print them."""
    if sys.stdout.isatty():
        texts = (line.rstrip(b"\r").decode(errors="backslashreplace") for line in lines)
        print(*map(untrusted_text.line, texts), sep="\n", flush=True)
        return
    out = sys.stdout.buffer
    out.writelines(line + b"\n" for line in lines)
    out.flush()
