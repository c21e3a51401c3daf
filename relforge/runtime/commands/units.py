"""``units``: systemd units for this release, where it lies."""

from __future__ import annotations

import json
import os
import sys

from .. import as_user, options, owner, paths, unit
from ..contract import manifest
from ..contract.content import read_manifest
from ..errors import CONFIG, DONE, USAGE, Refusal
from ..unit import Kind, Seat
from . import usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..options import Options
    from ..paths import Paths

DIRECTORY = "/etc/systemd/system"


def units(argv: list[str]) -> int:
    """Print the units, or install them for systemd."""
    given = options.parse(argv, flags="--print --install --instances --socket", values="--level")
    options.most(given, 0, usage("units"))
    kind = _kind(given)
    root = manifest.root()
    texts = _texts(root, kind)
    if "--install" not in given.flags:
        # As `systemctl cat` has them, where there are several.
        heads = [f"# {DIRECTORY}/{name}\n" if len(texts) > 1 else "" for name in texts]
        print("\n".join(map("".join, zip(heads, texts.values(), strict=True))), end="")
        return DONE
    for name, text in texts.items():
        _install(os.path.join(DIRECTORY, name), text)
    print("wrote", " and ".join(os.path.join(DIRECTORY, name) for name in texts))
    names = " ".join(texts).replace("@.", "@NAME.")
    print(f"now: systemctl daemon-reload && systemctl enable --now {names}")
    return DONE


def main(argv: list[str]) -> int:
    """Answer the builder (``boot_app.py unit``), which knows where a package will put things.

    ``{"program", "state", "user", "level"}`` on stdin, ``{"unit": TEXT}`` on stdout.
    """
    asked = json.load(sys.stdin)
    seat = Seat(
        program=asked["program"],
        state=asked["state"],
        writable=asked["state"],
        user=[f"User={asked['user']}"],
        home="yes",
        systemd=0,
    )
    text = unit.service(read_manifest(manifest.root()), seat, Kind(asked["level"]))
    json.dump({"unit": text}, sys.stdout)
    return DONE


def _kind(given: Options) -> Kind:
    level = given.values.get("--level", "standard")
    if level not in unit.LEVELS:
        raise Refusal(
            f"--level {level}: no such level", hint=f"usage: {usage('units')}", code=USAGE
        )
    for one, other in (("--print", "--install"), ("--instances", "--socket")):
        if {one, other} <= given.flags:
            raise Refusal(
                f"{one} and {other} exclude each other", hint=f"usage: {usage('units')}", code=USAGE
            )
    return Kind(level, instances="--instances" in given.flags, socket="--socket" in given.flags)


def _texts(root: str, kind: Kind) -> dict[str, str]:
    """The units by file name, what others need first."""
    release = read_manifest(root)
    places = paths.of(root)
    name = release["name"]
    texts = {}
    if kind.socket:
        # The configuration is code of the release, which root does not run.
        asked = as_user.call(owner.of_state(places.state), lambda: _addresses(root, release))
        texts[f"{name}.socket"] = unit.socket(release, kind.level, *asked)
    file = f"{name}@.service" if kind.instances else f"{name}.service"
    texts[file] = unit.service(release, _seat(places, name), kind)
    return texts


def _seat(places: Paths, name: str) -> Seat:
    """Where this release lies now."""
    return Seat(
        program=os.path.join(_link(places.root), "bin", name),
        state=places.state,
        writable=_existing(places.state),
        user=_user(places),
        home="read-only" if places.root.startswith(("/home/", "/root/")) else "yes",
        systemd=_version(),
    )


def _version() -> int:
    """The systemd of this host; 0 where there is none."""
    import subprocess

    try:
        done = subprocess.run(
            ["systemctl", "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return 0
    # `systemd 252 (252.39-1~deb12u2)`
    words = done.stdout.split()
    return int(words[1]) if len(words) > 1 and words[1].isdecimal() else 0


def _addresses(root: str, release: dict[str, Any]) -> tuple[list[str], tuple[int, int] | None]:
    """Where its services listen, by the configuration as it is now, and who may connect.

    Raises Refusal.
    """
    from ..config import loading
    from ..supervise import addresses, specs

    memory = loading.load(root, release, paths.environ(root))
    try:
        values = loading.read(memory)["values"]
    finally:
        os.close(memory)
    services = specs.read(release, values, root, "/")
    rows = addresses.every(services, os.path.join("/run", release["name"]))
    found = addresses.texts(rows)
    if not found:
        raise Refusal("no service of this release listens on an address", hint="leave --socket out")
    if any(text.endswith(":0") for text in found):
        raise Refusal(
            "a systemd socket needs a fixed port, but this one is 0",
            hint="give the service's `listen` a port",
            code=CONFIG,
        )
    return found, addresses.access(rows)


def _link(root: str) -> str:
    """``<deploy root>/current`` where the release is installed so: an upgrade needs no new unit."""
    releases, _ = os.path.split(root)
    current = os.path.join(os.path.dirname(releases), "current")
    installed = os.path.basename(releases) == "releases" and os.path.islink(current)
    return current if installed else root


def _existing(directory: str) -> str:
    """The directory, or the nearest above it: systemd refuses to open up one that is not there."""
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return directory


def _user(places: Paths) -> list[str]:
    """The owner of the state, else of the release: this command may run as root."""
    import pwd

    for directory in (places.state, places.root):
        if os.path.isdir(directory) and (uid := os.stat(directory).st_uid):
            try:
                return [f"User={pwd.getpwuid(uid).pw_name}"]
            except KeyError:
                return [f"User={uid}"]
    return ["# It runs as root; a separate user is better: User=..."]


def _install(path: str, text: str) -> None:
    try:
        with open(path, encoding="utf-8") as file:
            if not file.read().startswith(unit.MARK):
                raise Refusal(
                    f"{path}: this unit was not written by relforge",
                    hint="remove it first, or print ours and merge it yourself",
                )
    except FileNotFoundError:
        pass
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(temporary, path)
    except OSError as error:
        raise Refusal(
            f"{path}: {error.strerror}", hint="install it as root, or print it: units --print"
        ) from None
