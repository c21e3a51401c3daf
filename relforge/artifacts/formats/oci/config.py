"""The configuration of an image (OCI image-spec 1.1, config.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from relforge.artifacts.formats.oci import layers
from relforge.artifacts.formats.oci.base import Base
from relforge.artifacts.formats.oci.blobs import Blob
from relforge.model.release import Release
from relforge.runtime.contract import address

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_URLS = {
    "homepage": "url",
    "repository": "source",
    "source": "source",
    "documentation": "documentation",
}


def configuration(
    release: Release, base: Base | None, own_layers: tuple[Blob, ...]
) -> dict[str, Any]:
    """The image's configuration laid over the base's."""
    found: dict[str, Any] = base.config if base else {}
    below: dict[str, Any] = found.get("config") or {}
    created = _time(release)
    serves = bool(release.settings.services)
    env = dict(row.partition("=")[::2] for row in below.get("Env") or ())
    env["PATH"] = f"{env.get('PATH') or DEFAULT_PATH}:/{layers.root(release)}/bin"
    state = f"/{layers.state(release)}"
    # A user id without a name: a program that asks for its home or name would get / and an error.
    person = {"HOME": state, "USER": release.name, "LOGNAME": release.name}
    env = {**person, **env, "RELEASE_STATE_DIR": state, **release.settings.oci.env}
    own = {
        "User": f"{layers.USER}:{layers.USER}",
        "Env": [f"{key}={value}" for key, value in env.items()],
        "Entrypoint": [f"/{layers.root(release)}/bin/{release.name}"],
        "Cmd": ["foreground" if serves else "help"],
        "WorkingDir": "/",
        "Labels": {
            **(below.get("Labels") or {}),
            **_labels(release),
            **release.settings.oci.labels,
        },
        "StopSignal": "SIGTERM",
    }
    ports = {**(below.get("ExposedPorts") or {}), **{f"{port}/tcp": {} for port in _ports(release)}}
    history = [{"created": created, "created_by": f"relforge: {release.name}"} for _ in own_layers]
    return {
        "architecture": ARCHITECTURES[release.target.machine],
        "os": "linux",
        "created": created,
        "config": {**below, **own, **({"ExposedPorts": ports} if ports else {})},
        "rootfs": {
            "type": "layers",
            "diff_ids": [
                *found.get("rootfs", {}).get("diff_ids", ()),
                *(f"sha256:{layer.diff_id}" for layer in own_layers),
            ],
        },
        "history": [*(found.get("history") or ()), *history],
    }


def _labels(release: Release) -> dict[str, str]:
    about = release.project.metadata
    urls = {_URLS.get(key.lower(), ""): value for key, value in about.urls}
    rows = {
        "title": release.name,
        "version": release.version,
        "revision": release.revision or "",
        "created": _time(release),
        "description": about.description,
        "authors": ", ".join(about.authors),
        "licenses": about.license,
        **urls,
    }
    prefix = "org.opencontainers.image."
    return {prefix + key: value for key, value in rows.items() if key and value}


def _ports(release: Release) -> list[str]:
    """Ports that the settings say outright, where somebody outside could reach them."""
    services = release.settings.services
    found = (address.outright(text) for service in services for text in service.listen)
    ports = {row[1] for row in found if row and row[1] and not address.is_loopback(row[0])}
    return [str(port) for port in sorted(ports)]


def _time(release: Release) -> str:
    return datetime.fromtimestamp(release.source_date, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
