"""`make demo`: the sample application from its sources to a page and back to nothing.

Builds the production release, unpacks it in its own directory, starts it on a
free port, uses it, stops it, and says what it does and what to type next.
The release gets the CPython that runs the demo; where the project asks for another, a copy
of the project is built, so that the demo runs on a host which has one CPython.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PROJECT = REPOSITORY / "sample_app"
PYTHON = re.compile(r'^(python = \{ version = )"(3\.\d+)"', re.M)
MADE = shutil.ignore_patterns("_build", "dist", "node_modules", "var", "__pycache__", ".*")
EXPRESSION = "app.title, os.getpid(), sys.version.split()[0]"


def main() -> int:
    directory = Path(tempfile.mkdtemp(prefix="relforge-demo-"))
    try:
        return demo(directory)
    except (Failed, KeyboardInterrupt) as stopped:
        print(f"\nThe demo ended early: {stopped or 'interrupted'}", file=sys.stderr)
        shutil.rmtree(directory, ignore_errors=True)
        return 1


class Failed(Exception):
    """A step of the demo did not do what it should; its output has been shown."""


def demo(directory: Path) -> int:
    say("1. Build the production release of sample_app")
    place = project(directory)
    built = run([sys.executable, "-m", "relforge", "release", "--env", "prod", "--json"], place)
    report = json.loads(built)
    artifact = Path(place, report["artifact"])
    cached = sum(layer["cached"] for layer in report["layers"])
    show(f"{artifact.name}: {report['size'] / 1e6:.0f} MB, sha256 {report['sha256'][:16]}...")
    show(f"{cached} of its {len(report['layers'])} layers came from the cache.")

    say("2. Unpack it elsewhere, as on a server that has no Python")
    release = directory / f"{report['name']}-{report['version']}"
    run(["tar", "-xzf", str(artifact), "-C", str(directory)], directory)
    show(str(release))

    name, port = report["name"], free_port()
    program = release / "bin" / name
    # Nothing of this environment but the port: the release brings everything else.
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PORT": str(port)}
    say("3. Migrate its database, put events on sale, start it")
    for words in (["migrate"], ["seed"], ["start"]):
        print_command(program, words, env, release)
    try:
        say("4. Ask it for a page")
        use(port)
        say("5. Open an expression in the live process")
        print_command(program, ["rpc", EXPRESSION], env, release)
        print_command(program, ["status"], env, release)
    finally:
        say("6. Stop it")
        print_command(program, ["stop"], env, release)
    conclude(program, port)
    return 0


def project(directory: Path) -> Path:
    """The sample application, or a copy of it that asks for the CPython which runs this."""
    own = f"{sys.version_info[0]}.{sys.version_info[1]}"
    text = (PROJECT / "pyproject.toml").read_text()
    asked = PYTHON.search(text)
    if asked is None or asked[2] == own:
        return PROJECT
    show(f"It asks for CPython {asked[2]}; this copy asks for the one that runs here, {own}.")
    copy = directory / "sample_app"
    shutil.copytree(PROJECT, copy, ignore=MADE)
    (copy / "pyproject.toml").write_text(PYTHON.sub(rf'\g<1>"{own}"', text))
    return copy


def use(port: int) -> None:
    address = f"http://127.0.0.1:{port}/"
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            page = answer.read().decode()
    except (urllib.error.URLError, OSError) as error:
        raise Failed(f"{address}: {error}") from None
    title = page.partition("<title>")[2].partition("</title>")[0].strip()
    show(f"GET {address} answered {answer.status}, {len(page)} bytes, titled {title!r}.")


def conclude(program: Path, port: int) -> None:
    print(
        f"""
What happened: relforge put CPython, the application, its locked dependencies and its
compiled assets into one tarball; it ran from its own directory, with the configuration
it was given at start, and used nothing of this host except the C library.

Try it yourself:

  cd {program.parents[1]}
  PORT={port} bin/{program.name} start    # then open http://127.0.0.1:{port}/
  bin/{program.name} remote_console      # a console in the live process
  bin/{program.name} config explain      # where each value of the configuration comes from
  bin/{program.name} help                # what else it can do
  bin/{program.name} stop

When you have seen enough:

  rm -r {program.parents[2]}

For a project of your own: run `relforge init` in its directory, with {sys.prefix}/bin on your PATH.
"""
    )


def print_command(program: Path, words: list[str], env: Mapping[str, str], cwd: Path) -> None:
    print(f"   $ bin/{program.name} {shlex.join(words)}", flush=True)
    for line in run([str(program), *words], cwd, env).splitlines():
        show(line)


def run(words: list[str], cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command, its errors going to the terminal; return what it printed."""
    done = subprocess.run(
        words,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        print(done.stdout, end="")
        raise Failed(f"`{Path(words[0]).name} {shlex.join(words[1:])}` exited {done.returncode}")
    return done.stdout


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def say(text: str) -> None:
    print(f"\n{text}", flush=True)


def show(text: str) -> None:
    print(f"   {text}", flush=True)


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    sys.exit(main())
