"""Compiled assets: under their fingerprinted names browsers may keep them for ever."""

import json
from pathlib import Path
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles


class Assets(StaticFiles):
    """Serves a folder, which need not be there; without a manifest the names are plain."""

    def __init__(self, folder: Path) -> None:
        super().__init__(directory=folder, check_dir=False)
        manifest = folder / "cache_manifest.json"  # {"app.css": "app-0a1b2c3d.css"}
        self.names: dict[str, str] = json.loads(manifest.read_text()) if manifest.exists() else {}

    def url(self, name: str) -> str:
        return f"/static/{self.names.get(name, name)}"

    async def check_config(self) -> None:
        """A missing folder is 404 for each file in it, no failure."""

    async def get_response(self, path: str, scope: Any) -> Response:
        response = await super().get_response(path, scope)
        known = path in self.names.values()
        response.headers["Cache-Control"] = "max-age=31536000, immutable" if known else "no-cache"
        return response
