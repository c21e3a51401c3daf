"""What people look for in the how-to pages is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import tomli

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
    "build-in-ci.md": ("GitLab", "GitHub"),
    "schedule-jobs.md": ("cron", "timer"),
    "behind-a-proxy.md": ("nginx", "HAProxy", "drain"),
    "other-platforms.md": ("macOS", "Heroku"),
    "watch-what-runs.md": ("Sentry", "RELEASE_VERSION", "OpenTelemetry", "Prometheus", "musl"),
}


@pytest.mark.parametrize("page", SOUGHT)
def test_what_was_looked_for_has_a_page(page: str) -> None:  # P66
    text = (DOCS / "how-to" / page).read_text()
    assert [] == [word for word in SOUGHT[page] if word not in text]
    assert f"how-to/{page}" in (DOCS / "README.md").read_text()


def blocks(page: str, language: str) -> list[str]:
    """The blocks of a page, in the order in which they stand there."""
    text = (DOCS / "how-to" / page).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


@pytest.mark.process
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_the_units_of_a_schedule_are_understood_by_systemd(tmp_path: Path) -> None:  # P66
    job, timer = blocks("schedule-jobs.md", "ini")
    (command,) = tomli.loads(blocks("schedule-jobs.md", "toml")[0])["tool"]["relforge"]["commands"]
    (line,) = re.findall(r"^ExecStart=(\S+) (\S+)$", job, re.M)
    assert ("/srv/shop/current/bin/shop", command) == line
    (tmp_path / "shop-cleanup.timer").write_text(timer)
    (tmp_path / "shop-cleanup.service").write_text(job.replace(line[0], "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(tmp_path.glob("shop-cleanup.*"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "" == "\n".join(row for row in done.stderr.splitlines() if "shop-cleanup" in row)
    (moment,) = re.findall(r"^OnCalendar=(.*)$", timer, re.M)
    subprocess.run(["systemd-analyze", "calendar", moment], capture_output=True, check=True)


def test_words_of_relforge_in_pipelines_are_commands_of_it() -> None:  # P66
    pipelines = "".join(blocks("build-in-ci.md", "yaml"))
    lines = re.findall(r"relforge (?!-)([a-z]+)((?: --[a-z-]+)*)", pipelines)
    known = {"lock": {"--check"}, "release": {"--env"}}
    assert {("lock", " --check"), ("release", " --env")} <= {*lines}
    rows = [(name, set(options.split())) for name, options in lines if name in known]
    assert [] == [row for row in rows if not row[1] <= known[row[0]]]
