"""``tar.gz``, ``tar.zst`` and ``run``: the release's directory is the one at the top."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterable
from importlib.resources import files

from relforge.artifacts.formats.codecs import GZIP, Codec
from relforge.artifacts.formats.sections import Section, unpacked
from relforge.artifacts.reading.contents import ReleaseContents
from relforge.artifacts.reading.tar_archive import TarArchive

_TOP = re.compile(r"([^/]+)/")
_SCRIPT = files("relforge").joinpath("templates", "run.sh")
_MOST_HEAD = 1 << 20
_FACTS = re.compile(
    rb"#:name (?P<name>[^\n]*)\n#:top (?P<top>[^\n]*)\n#:key (?P<key>[^\n]*)\n"
    rb"#:skip (?P<skip>[0-9]{1,20}) *\n#:size (?P<size>[0-9]{1,20}) *\n#:end\n"
)
HEAD = "run.sh"  # among the scripts


def read(found: ReleaseContents, codec: Codec) -> None:
    """The whole file is the archive."""
    _read(found, unpacked(codec, Section(path=found.place, offset=0, size=found.size).chunks()))


def read_run(found: ReleaseContents) -> None:
    """A script, facts, and the archive; raises ValueError where the facts are not there."""
    with found.place.open("rb") as file:
        head = file.read(_MOST_HEAD)
    facts = _FACTS.search(head)
    if facts is None:
        raise ValueError("the header lines with the offset of the archive are missing")
    found.scripts[HEAD] = head[: facts.start()]
    start = facts.end()
    if int(facts["skip"]) != start + 1 or int(facts["size"]) != found.size:
        problem = f"it has {found.size} bytes, but its header says {int(facts['size'])}"
        if int(facts["size"]) == found.size:
            problem = (
                f"its archive begins at byte {start + 1}, but its header says {int(facts['skip'])}"
            )
        found.problem(found.place.name, problem)
    section = Section(path=found.place, offset=start, size=found.size - start)
    top = _read(found, unpacked(GZIP, section.chunks()))
    name, said, key = (facts[row].decode(errors="replace") for row in ("name", "top", "key"))
    if said != top:
        found.problem(found.place.name, f"its top directory is {top}, but its header says {said}")
    if not re.fullmatch(re.escape(top) + r"-[0-9a-f]{32}", key):
        problem = f"it unpacks itself to {key}, which does not match its top directory"
        found.problem(found.place.name, problem)
    if f"bin/{name}" not in found.files:
        found.problem(found.place.name, f"it runs bin/{name}, which it does not contain")


def written() -> bytes:
    """The script that such a file begins with."""
    return _SCRIPT.read_bytes()


def _read(found: ReleaseContents, chunks: Iterable[bytes]) -> str:
    """Take the archive; returns the directory at its top."""
    elsewhere: set[str] = set()

    def other(path: str, _member: tarfile.TarInfo, _text: Callable[[], bytes]) -> None:
        elsewhere.add(path.split("/", maxsplit=1)[0])

    archive = TarArchive(found=found, name=found.place.name, root=_TOP, other=other)
    archive.read(chunks)
    top = archive.root if isinstance(archive.root, str) else ""
    if elsewhere:
        problem = f"more than one top-level directory: {', '.join(sorted({top, *elsewhere}))}"
        found.problem(found.place.name, problem)
    return top
