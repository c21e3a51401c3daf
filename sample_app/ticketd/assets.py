"""Compiled assets under fingerprinted names, which browsers may keep for ever."""

import json
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles

MANIFEST = "cache_manifest.json"  # {"app.css": "app-0a1b2c3d.css"}
FOR_EVER = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Serves a folder, which need not be there; without a manifest the names are plain."""

    def __init__(self, folder: Path, *, at: str = "/static") -> None:
        super().__init__(directory=folder, check_dir=False)
        self._at = at
        manifest = folder / MANIFEST
        self._names: dict[str, str] = json.loads(manifest.read_text()) if manifest.exists() else {}
        self._for_ever = frozenset(self._names.values())

    def url(self, name: str) -> str:
        """The address of an asset, for templates."""
        return f"{self._at}/{self._names.get(name, name)}"

    async def check_config(self) -> None:
        """A missing folder is 404 for each file in it, no failure."""

    async def get_response(self, path: str, scope: MutableMapping[str, Any]) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOR_EVER if path in self._for_ever else "no-cache"
        return response
