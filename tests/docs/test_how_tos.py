"""What people look for in the how-to pages is there."""

from __future__ import annotations

from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
SOUGHT = {
    "bring-a-project.md": ("requirements.txt", "poetry.lock", "pdm", "Pipfile", "workspace"),
    "workers-and-servers.md": ("ready", "required", "singleton", "cron", "timer"),
    "write-commands.md": ("alembic",),
    "develop.md": ("dev", "pytest"),
    "frameworks/django.md": ("DEBUG", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "LOGGING"),
    "gpu-wheels.md": ("torch",),
    "first-server.md": ("useradd", "migrate", "enable --now", "nginx", "TLS", "78"),
    "build-container-images.md": ("Kubernetes",),
    "watch-what-runs.md": ("Sentry", "RELEASE_VERSION", "OpenTelemetry", "Prometheus", "musl"),
}


@pytest.mark.parametrize("page", SOUGHT)
def test_what_was_looked_for_has_a_page(page: str) -> None:  # P66
    text = (DOCS / "how-to" / page).read_text()
    assert [] == [word for word in SOUGHT[page] if word not in text]
    assert f"how-to/{page}" in (DOCS / "README.md").read_text()
