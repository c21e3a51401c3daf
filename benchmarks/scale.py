"""How the time of a build grows with its dependencies: 20, 60 and 150 wheels.

Each is a release of dependencies alone, from the first lines of ``wheels.lock``.
Downloads are on the disk; nothing here passes or fails.

    --runs N    the median of so many (3)
    --write     put the table into docs/explanation/benchmarks.md
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tarfile

import page
import peers

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
skip = ["libraries"]  # a wheel of the sample may want what only its fellows bring
"""
ROWS = ("cold caches", "nothing changed", "one wheel changed", "memory")


def make(count: int) -> peers.Place:
    """A project of that many wheels, all of them fetched."""
    place = peers.Place(root=peers.WORK / f"scale-{count}")
    shutil.rmtree(place.root, ignore_errors=True)
    for folder in (place.project, place.out, place.cache):
        folder.mkdir(parents=True)
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
        write_lock(place, count)
    peers.relforge_forget(place)
    found["memory"].append(peers.peak(lambda: peers.relforge_build(place)))
    with tarfile.open(peers.relforge_build(place)) as archive:
        size = sum(member.size for member in archive) / 1e6
    return {**{row: statistics.median(values) for row, values in found.items()}, "size": size}


def table(figures: dict[int, dict[str, float]]) -> str:
    names = "wheels | unpacked | cold caches | per 100 MB | nothing changed | one wheel changed"
    lines = [f"| {names} | memory, cold |", f"|{'---|' * 7}"]
    for count, row in figures.items():
        cold = row["cold caches"]
        cells = [
            *(str(count), f"{row['size']:.0f} MB", f"{cold:.1f} s"),
            f"{cold / row['size'] * 100:.1f} s",
            *(f"{row[name]:.1f} s" for name in ("nothing changed", "one wheel changed")),
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
