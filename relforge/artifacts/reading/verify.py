"""Whether a release is what it says: each file by its digest, each link, the artifact itself."""

from __future__ import annotations

import os
from collections.abc import Iterator

from relforge.artifacts import signing
from relforge.artifacts.reading import foreign_manifest, wrapper
from relforge.artifacts.reading.contents import Problem, ReleaseContents
from relforge.model import layout
from relforge.runtime.contract import archive, tree_list

_MOST_DIGEST = 1 << 12  # characters of the file beside an artifact that are read
TARBALLS = ("tar.gz", "tar.zst", "run")  # whose one directory has the name of the release


def problems(found: ReleaseContents) -> Iterator[Problem]:
    """All that is wrong with it; nothing for a release that is whole."""
    yield from found.problems
    yield from wrapper.problems(found)
    if found.is_release:
        yield from _release(found)
    if found.sha256:
        for path, file in sorted(found.files.items()):
            if file.mode not in (0o644, 0o755) and not file.mode & 0o7002:
                message = f"its mode is {file.mode:04o}, not 0644 or 0755"
                yield Problem(path=path, message=message)
        yield from _sidecar(found)


def _release(found: ReleaseContents) -> Iterator[Problem]:
    yield from _digests(found)
    yield from _tree(found)
    manifest = foreign_manifest.value(found)
    top = found.root if found.kind in TARBALLS else ""
    if manifest and (wrong := archive.identity_problem(manifest, top)):
        yield Problem(path=layout.MANIFEST, message=wrong)
    for path in sorted(found.links):
        if not archive.stays(found.links, path) and not archive.is_host_python(manifest, path):
            yield Problem(
                path=path, message=f"the link to {found.links[path]} points outside the release"
            )


def _tree(found: ReleaseContents) -> Iterator[Problem]:
    """Links, modes and empty directories; a release of relforge 0.1.0 has no list of them."""
    content = found.texts.get(layout.TREE_LIST)
    if content is None:
        return
    try:
        listed = tree_list.parse(content)
    except ValueError as error:
        yield Problem(path=layout.TREE_LIST, message=str(error))
        return
    for path, what in tree_list.problems(listed, shape(found), found.files.keys()):
        yield Problem(path=path, message=what)


def shape(found: ReleaseContents) -> tree_list.TreeFacts:
    """What it holds beside the content of its files."""
    return tree_list.TreeFacts(
        directories=found.directories,
        executable={path for path, file in found.files.items() if file.mode & 0o100},
        links=found.links,
    )


def differences(found: ReleaseContents, artifact: ReleaseContents) -> Iterator[Problem]:
    """What of a tree is not as in the artifact, which is judged for itself.

    A tree's own list proves nothing: who changes a file can change the list as well.
    """
    for path in sorted(found.files.keys() | artifact.files.keys()):
        here, there = found.files.get(path), artifact.files.get(path)
        if here is None:
            yield Problem(path=path, message="it is missing")
        elif there is None:
            yield Problem(path=path, message=f"it is not in {artifact.place.name}")
        elif here.sha256 != there.sha256:
            yield Problem(path=path, message=f"its content is not that in {artifact.place.name}")
    for path, what in tree_list.problems(shape(artifact), shape(found), found.files.keys()):
        yield Problem(path=path, message=what)


def _digests(found: ReleaseContents) -> Iterator[Problem]:
    text = found.texts.get(layout.SUMS)
    if text is None:
        yield Problem(path=layout.SUMS, message="it is missing, so no file can be verified")
        return
    listed: dict[str, str] = {}
    for number, digest, path in archive.digests(text.decode("utf-8", "surrogateescape")):
        if not path:
            yield Problem(
                path=f"{layout.SUMS}:{number}", message="this line is not a digest and a path"
            )
            continue
        listed[path] = digest
    for path, digest in sorted(listed.items()):
        file = found.files.get(path)
        if file is None:
            yield Problem(path=path, message="it is missing")
        elif file.sha256 != digest:
            yield Problem(path=path, message="its content changed after the build")
    for path in sorted(found.files.keys() - listed.keys() - {layout.SUMS}):
        yield Problem(
            path=path, message=f"{layout.SUMS} does not list it: it was added after the build"
        )


def _sidecar(found: ReleaseContents) -> Iterator[Problem]:
    beside = signing.digest_file(found.place)
    if not beside.is_file():
        if os.path.lexists(beside):
            yield Problem(path=beside.name, message="it is not a file, or it is a dangling link")
        return
    with beside.open(errors="replace") as file:
        said = (file.read(_MOST_DIGEST).split() or ["nothing"])[0][:100]
    if said != found.sha256:
        message = f"its sha256 is {found.sha256}, but {beside.name} says {said}"
        yield Problem(path=found.place.name, message=message)
