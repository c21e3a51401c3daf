"""Keys, tokens and passwords that would be shipped to every host with the release.

The application, overlays and assets are searched for all of them; packages for
private keys alone: their documentation is full of made-up tokens.  Nothing of a
secret is ever told but what kind it is and how it begins.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from relforge import layout
from relforge.checks import contents, remembered
from relforge.checks.token_shapes import MARKERS, PRIVATE_KEY, SHAPES, is_made_up
from relforge.release import Finding, Layer, Release

RULE = "secrets"

# Files that hold secrets by what they are, and what they are.
FILES = {
    ".env": "variables of a deployment",
    ".env.*": "variables of a deployment",
    "id_rsa": "an SSH key",
    "id_dsa": "an SSH key",
    "id_ecdsa": "an SSH key",
    "id_ed25519": "an SSH key",
    ".netrc": "passwords",
    "_netrc": "passwords",
    ".pgpass": "passwords",
    ".pypirc": "passwords of package indexes",
    ".git-credentials": "passwords of git",
    ".htpasswd": "passwords",
    "kubeconfig": "access to a cluster",
    ".kube/config": "access to a cluster",
    ".aws/credentials": "access to AWS",
    ".docker/config.json": "passwords of registries",
    "*.tfstate": "the state of Terraform, with its secrets",
    "*.kdbx": "a safe of passwords",
    "*.p12": "a private key",
    "*.pfx": "a private key",
    "*.jks": "private keys",
}
_NAMES = re.compile(
    "|".join(f"(?P<n{index}>{fnmatch.translate(name)})" for index, name in enumerate(FILES))
)
_EXAMPLES = re.compile(r"\.(example|sample|template|dist|tmpl|j2)\b")


def rule(release: Release) -> Iterator[Finding]:
    """Each secret in a file of the release."""
    for layer in release.layers:
        if layer.name == "python":  # CPython's own
            continue
        own = layer.name != "deps"
        for path in layer.paths if own else ():
            if what := _by_name(path):
                yield _finding(path, "error", f"its name says that it holds {what}")
        for path, rows in _seen(release, layer, own=own).items():
            for severity, line, text in rows:
                yield _finding(path, severity, f"line {line} {text}" if line else text)


def _seen(release: Release, layer: Layer, *, own: bool) -> dict[str, remembered.Rows]:
    see: Callable[[Path], remembered.Rows] = _everything if own else _keys_alone
    return remembered.look(
        *(release, layer, "secrets", repr([own, MARKERS, SHAPES])), see, _is_searched
    )


def _everything(path: Path) -> remembered.Rows:
    rows: remembered.Rows = []
    for name, line, match in contents.matches_in(
        path, MARKERS, [(shape.name, shape.pattern) for shape in SHAPES]
    ):
        if is_made_up(name, match):
            continue
        shape = next(row for row in SHAPES if row.name == name)
        rows.append([shape.severity, line, f"holds {name} ({shape.masked(match)})"])
    return rows


def _keys_alone(path: Path) -> remembered.Rows:
    keys = [(PRIVATE_KEY.name, PRIVATE_KEY.pattern)]
    found = contents.matches_in(path, PRIVATE_KEY.markers, keys)
    return [["warning", line, f"holds {name}"] for name, line, _ in found]


def _is_searched(path: str) -> bool:
    """Byte code says what its source says; the runtime is relforge's own."""
    return "/__pycache__/" not in path and not path.startswith(f"{layout.RUNTIME}/")


def _by_name(path: str) -> str:
    """What a file of that name holds; nothing where it is an example of one."""
    folder, _, name = path.rpartition("/")
    for end in (name, f"{folder.rpartition('/')[2]}/{name}"):
        if (match := _NAMES.fullmatch(end)) and not _EXAMPLES.search(name):
            return list(FILES.values())[int(str(match.lastgroup)[1:])]
    return ""


def _finding(path: str, severity: str, message: str) -> Finding:
    return Finding(
        severity="error" if severity == "error" else "warning",
        rule=RULE,
        path=path,
        message=message,
        hint="give it to the deployment, by a configuration provider, and take it out of the "
        f'project; where it is none: check.allow = ["{RULE}:{path}"]',
    )
