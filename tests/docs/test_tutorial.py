"""The tutorial is run as a reader would run it, and prints what it says."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
# A fenced block, with the line before it, which may name a file.
BLOCK = re.compile(r"(?:^`([^`\n]+)`:\n\n)?^```(\w+)\n(.*?)^```", re.M | re.S)
# What a reader sees in another form: numbers of processes, times, sizes, digests, versions.
VARIES = (
    (r"\bPython 3\.\d+: ", "Python: "),
    (r"glibc\d+\.\d+", "glibc"),
    (r"[0-9a-f]{64}", "digest"),
    (r"\d[-\dT:.]+Z", "time"),
    (r"\d+(\.\d+)? (s|MB|MiB|kB)\b", r"some \2"),
    (r"\bpid \d+", "pid"),
    (r"\bup \d+s", "up"),
    (r"(running +)\d+ +\d+s", r"\1pid up"),
    (r"-> \S+$", "-> version"),
    (r"(INFO: +127\.0\.0\.1):\d+", r"\1"),
    (r"uid=\d+ user=\S+", "user"),
    (r"ms=[\d.]+", "ms"),
)

pytestmark = pytest.mark.release


def test_the_tutorial_does_what_it_says(tmp_path: Path) -> None:
    project = tmp_path / "hello"
    page = with_free_ports(PAGE.read_text())
    try:
        for name, language, block in BLOCK.findall(page):
            if language == "console":
                for command, expected in commands(block):
                    follow(command, expected, project)
            elif name:
                (project / name).parent.mkdir(parents=True, exist_ok=True)
                (project / name).write_text(block)
            else:
                with (project / "pyproject.toml").open("a") as settings:
                    settings.write(f"\n{block}")
    finally:
        subprocess.run(
            "hello-0.1.0/bin/hello stop", shell=True, cwd=project, check=False, timeout=60
        )


def commands(block: str) -> list[tuple[str, list[str]]]:
    """Each command of a block, with the lines that it shows."""
    found: list[tuple[str, list[str]]] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line.strip())
    return found


def follow(command: str, expected: list[str], cwd: Path) -> None:
    beside = str(Path(sys.executable).parent)
    done = subprocess.run(
        command,
        shell=True,
        cwd=cwd,
        env={**os.environ, "PATH": f"{beside}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert 0 == done.returncode, f"$ {command}\n{done.stdout}"
    shown = [stable(line) for line in done.stdout.splitlines()]
    if "..." not in expected and expected:
        assert [stable(line) for line in expected] == shown
    missing = [line for line in expected if line != "..." and stable(line) not in shown]
    assert not missing, f"$ {command}\n{done.stdout}"


def stable(line: str) -> str:
    """The line without what differs from host to host, and from run to run."""
    for pattern, text in VARIES:
        line = re.sub(pattern, text, line)
    return " ".join(line.split())


def with_free_ports(page: str) -> str:
    """The page with ports that are free here, in commands and in what they show."""
    for port in ("8000", "8001"):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            free = str(probe.getsockname()[1])
        page = page.replace(port, free)
    # Without a variable the port is the default of the settings.
    first = re.search(r"127\.0\.0\.1:(\d+)/", page)
    assert first
    return page.replace(
        "$ relforge init", f"$ relforge init && sed -i s/8000/{first[1]}/ pyproject.toml"
    )
