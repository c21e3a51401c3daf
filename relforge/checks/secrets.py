"""Keys, tokens and passwords that would be shipped to every host with the release.

The application, overlays and assets are searched for all of them; packages for
private keys alone: their documentation is full of made-up tokens.  Nothing of a
secret is ever shown but its kind and its beginning.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from relforge.checks import byte_patterns, content_memo
from relforge.checks.token_shapes import PRIVATE_KEY, SHAPES, Shape, is_made_up
from relforge.model import layout
from relforge.model.release import Finding, Layer, Release

RULE = "secrets"

# Files that hold secrets by what they are, and what they are.
FILES = {
    ".env": "environment variables of a deployment",
    ".env.*": "environment variables of a deployment",
    "id_rsa": "an SSH key",
    "id_dsa": "an SSH key",
    "id_ecdsa": "an SSH key",
    "id_ed25519": "an SSH key",
    ".netrc": "passwords",
    "_netrc": "passwords",
    ".pgpass": "passwords",
    ".pypirc": "package index passwords",
    ".git-credentials": "Git passwords",
    ".htpasswd": "passwords",
    "kubeconfig": "Kubernetes credentials",
    ".kube/config": "Kubernetes credentials",
    ".aws/credentials": "AWS credentials",
    ".docker/config.json": "registry passwords",
    "*.tfstate": "Terraform state, with its secrets",
    "*.kdbx": "a password database",
    "*.p12": "a private key",
    "*.pfx": "a private key",
    "*.jks": "private keys",
}
_NAMES = re.compile(
    "|".join(f"(?P<n{index}>{fnmatch.translate(name)})" for index, name in enumerate(FILES))
)
_TESTS = re.compile(r"/tests?/")
_EXAMPLES = re.compile(r"\.(example|sample|template|dist|tmpl|j2)\b")


def rule(release: Release) -> Iterator[Finding]:
    """Each secret in a file of the release, one of a kind once a file."""
    for layer in release.layers:
        if layer.name == "python":  # CPython's own
            continue
        own = layer.name != "deps"
        of_host = {
            entry.path for part in layer.parts if part.origin == "host" for entry in part.entries
        }
        for path in layer.paths if own else ():
            if what := _by_name(path):
                yield _secret(path, "error", f"its name suggests that it contains {what}")
        for path, rows in _seen(release, layer, own=own).items():
            if path in of_host:  # a distribution's library, with the keys of its self-tests
                continue
            for severity, line, text, more in rows:
                others = f", and {more} more" if more else ""
                found = _secret(path, severity, f"line {line} contains {text}{others}", own=own)
                topic = f"contains {text.partition(' (')[0]}"
                yield replace(found, topic=topic, detail=f"line {line}")


def _seen(release: Release, layer: Layer, *, own: bool) -> dict[str, content_memo.Rows]:
    if own:
        return content_memo.look(
            *(release, layer, "secrets", repr(SHAPES)), _everything, _is_searched
        )
    return content_memo.look(
        *(release, layer, "keys", repr(PRIVATE_KEY)), _keys_alone, _is_searched_of_packages
    )


def _everything(path: Path) -> content_memo.Rows:
    return _matches(path, SHAPES, "error")


def _keys_alone(path: Path) -> content_memo.Rows:
    return _matches(path, (PRIVATE_KEY,), "warning")


def _matches(path: Path, shapes: Sequence[Shape], most: str) -> content_memo.Rows:
    """The first match of each shape: how severe, its line, what it is, how many more there are."""
    rows: dict[str, list[Any]] = {}
    by_name = {shape.name: shape for shape in shapes}
    patterns = [(shape.name, shape.markers, shape.pattern) for shape in shapes]
    for name, line, match in byte_patterns.matches_in(path, patterns):
        if is_made_up(name, match):
            continue
        if name in rows:
            rows[name][3] += 1
        else:
            shape = by_name[name]
            severity = "warning" if "warning" in (most, shape.severity) else "error"
            rows[name] = [severity, line, f"{name} ({shape.masked(match)})", 0]
    return list(rows.values())


def _is_searched(path: str) -> bool:
    """Bytecode says what its source says; the runtime and the list of digests are relforge's."""
    own = path == layout.SUMS or path.startswith(f"{layout.RUNTIME}/")
    return "/__pycache__/" not in path and not own


def _is_searched_of_packages(path: str) -> bool:
    """What a package's published tests contain is not a secret."""
    return _is_searched(path) and not _TESTS.search(path)


def _by_name(path: str) -> str:
    """What a file of that name holds; nothing where it is an example of one."""
    directory, _, name = path.rpartition("/")
    for end in (name, f"{directory.rpartition('/')[2]}/{name}"):
        if (match := _NAMES.fullmatch(end)) and not _EXAMPLES.search(name):
            return list(FILES.values())[int(str(match.lastgroup)[1:])]
    return ""


def _secret(path: str, severity: str, message: str, *, own: bool = True) -> Finding:
    way = (
        "remove it from the project and supply it at deployment through a configuration provider"
        if own
        else "anyone who has the package has it: make sure that nothing of yours trusts it"
    )
    return Finding(
        severity="error" if severity == "error" else "warning",
        rule=RULE,
        path=path,
        message=message,
        hint=way,
    )
