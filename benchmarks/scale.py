"""How the time of a build grows with its dependencies: 20, 60 and 150 wheels.

Each is a release of dependencies alone, from the first lines of ``wheels.lock``.
Downloads are on the disk; nothing here passes or fails.

A build after one wheel changed is compared with two things that are done plainly,
by `cp -al`, `tar` and relforge's own codec and level, in turns with the builds:

    its layer    unpack and compile that wheel, hard-link every file of the layer,
                 compress the layer as one stream
    the least    unpack and compile that wheel, hard-link every file of the layer,
                 compress 2 MB of it, copy the artifact and compute its digest

The first has a limit of 1.5; the second is what even a
build that knows everything else has to do, without one.

    --runs N    the median of so many (3)
    --write     put the table into docs/explanation/benchmarks.md
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import statistics
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import page
import peers

from relforge.artifacts.formats.codecs import GZIP

COUNTS = (20, 60, 150)
LOCK = peers.REPOSITORY / "benchmarks" / "wheels.lock"
OTHER = peers.REPOSITORY / "benchmarks" / "idna.lock"
PROJECT = f"""\
[project]
name = "scale"
version = "1.0"

[tool.relforge]
python.version = "{peers.PYTHON}"
lock = "requirements.lock"
app = []

[tool.relforge.check]
skip = ["libraries", "requirements"]  # the sample is the first wheels of a longer lock
"""
ROWS = ("cold caches", "nothing changed", "one wheel changed", "its layer", "the least", "memory")
LIMIT = 1.5  # times `its layer`
GROUP = 2 << 20  # bytes of files
CHUNK = 1 << 20


def make(count: int) -> peers.Place:
    """A project of that many wheels, all of them fetched."""
    place = peers.Place(root=peers.WORK / f"scale-{count}")
    shutil.rmtree(place.root, ignore_errors=True)
    for directory in (place.project, place.out, place.cache):
        directory.mkdir(parents=True)
    (place.project / "pyproject.toml").write_text(PROJECT)
    for first in (False, True):
        write_lock(place, count, usual=first)
        peers.relforge_build(place)
    return place


def write_lock(place: peers.Place, count: int, *, usual: bool = True) -> None:
    """The first so many pins; the first of all, idna, as usual or in its other version."""
    first, *pins = (row for row in LOCK.read_text().splitlines() if not row.startswith("#"))
    rows = [first if usual else OTHER.read_text(), *pins[: count - 1]]
    (place.project / "requirements.lock").write_text("\n".join(rows) + "\n")


def measure(count: int, runs: int) -> dict[str, float]:
    """Medians in seconds and MB; ``size`` is of the unpacked files."""
    place = make(count)
    found: dict[str, list[float]] = {row: [] for row in ROWS}
    for _ in range(runs):
        peers.relforge_forget(place)
        found["cold caches"].append(peers.seconds(lambda: peers.relforge_build(place)))
        found["nothing changed"].append(peers.seconds(lambda: peers.relforge_build(place)))
        write_lock(place, count, usual=False)
        found["one wheel changed"].append(peers.seconds(lambda: peers.relforge_build(place)))
        found["its layer"].append(peers.seconds(lambda: by_hand(place, whole=True)))
        found["the least"].append(peers.seconds(lambda: by_hand(place, whole=False)))
        write_lock(place, count)
    peers.relforge_forget(place)
    found["memory"].append(peers.peak(lambda: peers.relforge_build(place)))
    with tarfile.open(peers.relforge_build(place)) as archive:
        size = sum(member.size for member in archive) / 1e6
    return {**{row: statistics.median(values) for row, values in found.items()}, "size": size}


def by_hand(place: peers.Place, *, whole: bool) -> None:
    """What the change of one wheel is compared with; see above."""
    packages = next((place.project / "_build" / "prod").glob("*/python/lib/python3*/site-packages"))
    version = OTHER.read_text().split("==")[1].split()[0]
    wheel = next(place.cache.glob(f"wheels/*/idna-{version}-*.whl"))
    directory = place.root / "by-hand"
    shutil.rmtree(directory, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory / "wheel")
    peers.shell(peers.python(), "-m", "compileall", "-q", directory / "wheel")
    peers.shell("cp", "-al", packages, directory / "layer")
    names = ["."] if whole else group(directory / "layer")
    compress(directory / "layer", names, directory / "layer.gz")
    if not whole:
        artifact = next((place.project / "dist").glob("*.tar.gz"))
        shutil.copyfile(artifact, directory / "artifact")
        with (directory / "artifact").open("rb") as file:
            hashlib.file_digest(file, "sha256")


def group(layer: Path) -> list[str]:
    """Files of the layer, from those of the changed wheel on."""
    names, size = [], 0
    for path in sorted(path for path in layer.rglob("*") if path.is_file()):
        name = str(path.relative_to(layer))
        if name >= "idna" and size < GROUP:
            names.append(name)
            size += path.stat().st_size
    return names


def compress(directory: Path, names: list[str], target: Path) -> None:
    """One archive of these files, in one stream."""
    packer = GZIP.start()
    words = ["tar", "-C", str(directory), "-cf", "-", "--null", "-T", "-"]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\0".join(names).encode())
        process.stdin.close()
        with target.open("wb") as out:
            while chunk := process.stdout.read(CHUNK):
                out.write(packer.compress(chunk))
            out.write(packer.flush())


def table(figures: dict[int, dict[str, float]]) -> str:
    names = "wheels | unpacked | cold caches | per 100 MB | nothing changed | one wheel changed"
    by_hand = f"manually: its layer (limit {LIMIT}) | the least"
    lines = [f"| {names} | {by_hand} | memory, cold |", f"|{'---|' * 9}"]
    for count, row in figures.items():
        cold = row["cold caches"]
        cells = [
            *(str(count), f"{row['size']:.0f} MB", f"{cold:.1f} s"),
            f"{cold / row['size'] * 100:.1f} s",
            *(f"{row[name]:.1f} s" for name in ("nothing changed", "one wheel changed")),
            *(
                f"{row[name]:.1f} s ({row['one wheel changed'] / row[name]:.2f})"
                for name in ("its layer", "the least")
            ),
            f"{row['memory']:.0f} MB",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    figures = {}
    for count in COUNTS:
        print(f"{count} wheels ...", file=sys.stderr, flush=True)
        figures[count] = measure(count, options.runs)
    text = table(figures)
    print(text)
    if options.write:
        page.put("scale", text)


if __name__ == "__main__":
    main()
