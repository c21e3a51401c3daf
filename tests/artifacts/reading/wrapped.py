"""Small releases in the other formats, put together manually: a run file, packages, an image."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

import relforge
from tests.artifacts.reading import archives
from tests.artifacts.reading.archives import FILES, MANIFEST, TOP, member, members

Rows = Iterable[tuple[tarfile.TarInfo, bytes]]

# As this version of relforge made it, so that its scripts are compared.
OWN = {
    **FILES,
    "release/manifest.json": json.dumps({**MANIFEST, "relforge": relforge.__version__}),
}
KEY = f"{TOP}-{'0' * 32}"
DEB_ROOT = "./opt/shop/releases/1.0"
CONTROL = {
    "Package": "shop-1.0",
    "Version": "1.0",
    "Architecture": "amd64",
    "Depends": "libc6 (>= 2.34)",
    "Description": "a shop (shop 1.0)",
}
FACTS = f"name shop\nversion 1.0\nrelforge {relforge.__version__}\n"
MAIN_CONTROL = {**CONTROL, "Package": "shop", "Depends": "shop-1.0 (= 1.0), passwd"}
MAIN_LINKS = {
    "./opt/shop/current": "releases/1.0",
    "./opt/shop/var": "/var/lib/shop",
    "./usr/bin/shop": "/opt/shop/current/bin/shop",
}
OCI_ROOT = "opt/shop"


def template(name: str) -> str:
    return files("relforge").joinpath("templates", name).read_text()


def moved(root: str, rows: Rows | None = None) -> list[tuple[tarfile.TarInfo, bytes]]:
    """A release's members below another directory."""
    made = []
    for info, data in members(OWN) if rows is None else rows:
        info.name = root + info.name.removeprefix(TOP)
        made.append((info, data))
    return made


def run(place: Path, rows: Rows | None = None, **changes: Any) -> Path:
    """A file that unpacks itself; the changes are of its script, its facts, and what follows."""
    packed = gzip.compress(archives.tar(members(OWN) if rows is None else rows))
    facts = {"name": "shop", "top": TOP, "key": KEY} | {
        key: value for key, value in changes.items() if key in ("name", "top", "key")
    }
    text = changes.get("script", template("run.sh"))
    head = (text + "".join(f"#:{key} {value}\n" for key, value in facts.items())).encode()
    numbers = f"#:skip {0:<20d}\n#:size {0:<20d}\n#:end\n"
    start = len(head) + len(numbers)
    skip, size = changes.get("skip", start + 1), changes.get("size", start + len(packed))
    place.write_bytes(head + f"#:skip {skip:<20d}\n#:size {size:<20d}\n#:end\n".encode() + packed)
    return place


def ar(*rows: tuple[str, bytes]) -> bytes:
    made = b"!<arch>\n"
    for name, data in rows:
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data
        made += b"\n" * (len(data) % 2)
    return made


def package(
    place: Path, data: Rows, control: dict[str, str], scripts: dict[str, str], *more: Any
) -> Path:
    """A Debian package."""
    text = "".join(f"{key}: {value}\n" for key, value in control.items())
    rows = [member(f"./{name}", said, mode=0o755) for name, said in scripts.items()]
    rows.append(member("./control", text))
    place.write_bytes(
        ar(
            ("debian-binary", b"2.0\n"),
            ("control.tar.gz", gzip.compress(archives.tar(rows))),
            ("data.tar.gz", gzip.compress(archives.tar(data))),
            *more,
        )
    )
    return place


def deb(
    place: Path,
    *more: tuple[tarfile.TarInfo, bytes],
    facts: str = FACTS,
    control: dict[str, str] | None = None,
    scripts: dict[str, str] | None = None,
) -> Path:
    """The package of a version."""
    reported = {**CONTROL, **(control or {})}
    directories = [
        member(path, type=tarfile.DIRTYPE, mode=0o755) for path in ("./opt", "./opt/shop")
    ]
    fact = member(f"./usr/share/{reported['Package']}/release", facts)
    own = {"prerm": template("deb/tree.prerm.sh"), **(scripts or {})}
    return package(place, [*directories, *moved(DEB_ROOT), fact, *more], reported, own)


def main_deb(
    place: Path,
    *more: tuple[tarfile.TarInfo, bytes],
    links: dict[str, str] | None = None,
    control: dict[str, str] | None = None,
    scripts: dict[str, str] | None = None,
) -> Path:
    """The package that leads to a version."""
    rows = [
        member(path, type=tarfile.SYMTYPE, linkname=to, mode=0o777)
        for path, to in (MAIN_LINKS if links is None else links).items()
    ]
    rows += [
        member("./usr/share/shop/release", f"{FACTS}user shop\nunit shop.service\n"),
        member("./usr/lib/systemd/system/shop.service", "[Unit]\n"),
        member("./etc/shop/config.toml", ""),
    ]
    own = {name: template(f"deb/main.{name}.sh") for name in ("postinst", "prerm", "postrm")}
    own["conffiles"] = "/etc/shop/config.toml\n"
    reported = {**MAIN_CONTROL, **(control or {})}
    return package(place, [*rows, *more], reported, {**own, **(scripts or {})})


def image(place: Path, *layers: Rows, **changes: Any) -> Path:
    """An image archive: these layers, or a base's and a release's."""
    rows = list(layers) or [base_layer(), moved(OCI_ROOT), state_layer()]
    plain = [archives.tar(layer) for layer in rows]
    compressed = changes.get("compressed", True)
    packed = [gzip.compress(data, mtime=0) if compressed else data for data in plain]
    layer = "layer.v1.tar+gzip" if compressed else "layer.v1.tar"
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Entrypoint": changes.get("entry", ["/opt/shop/bin/shop"])},
        "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in plain]},
    }
    blobs = [json.dumps(config).encode(), *packed]
    kinds = ["config.v1+json", *[layer] * len(packed)]
    first, *others = [
        {"mediaType": f"application/vnd.oci.image.{kind}", **descriptor(data)}
        for kind, data in zip(kinds, blobs, strict=True)
    ]
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = json.dumps({"mediaType": kind, "config": first, "layers": others}).encode()
    index = {"manifests": [{"mediaType": kind, **descriptor(manifest)}]}
    docker = [{"Config": blob(blobs[0]), "RepoTags": [], "Layers": [blob(row) for row in packed]}]
    named = {
        "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
        "index.json": json.dumps(index).encode(),
        "manifest.json": json.dumps(docker).encode(),
        **{blob(data): data for data in (manifest, *blobs)},
        **changes.get("files", {}),
    }
    return plain_tar(
        place, [(name, changes.get("blob", {}).get(name, data)) for name, data in named.items()]
    )


def plain_tar(place: Path, rows: Iterable[tuple[str, bytes]]) -> Path:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in rows:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    place.write_bytes(out.getvalue())
    return place


def base_layer() -> list[tuple[tarfile.TarInfo, bytes]]:
    """Somebody else's files: none of them is judged."""
    return [
        member(".", type=tarfile.DIRTYPE, mode=0o755),
        member("./lib", type=tarfile.SYMTYPE, linkname="usr/lib", mode=0o777),
        member("etc//odd", "x"),
        member("bin", type=tarfile.SYMTYPE, linkname="usr/bin", mode=0o777),
        member("usr/bin/su", "x", mode=0o4755),
        member("tmp", type=tarfile.DIRTYPE, mode=0o1777),
        member("home/me/file", "x", uid=1000, mode=0o600),
        member("dev/null", type=tarfile.CHRTYPE),
        member("opt/.wh.other"),
    ]


def state_layer() -> list[tuple[tarfile.TarInfo, bytes]]:
    return [member("var/lib/shop", type=tarfile.DIRTYPE, uid=65532, gid=65532, mode=0o755)]


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def blob(data: bytes) -> str:
    return f"blobs/{digest(data).replace(':', '/')}"


def descriptor(data: bytes) -> dict[str, Any]:
    return {"digest": digest(data), "size": len(data)}
