"""`relforge init` and `relforge build`, and nothing else, make a release that works."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.delivery.deployment import Deployment, eventually
from tests.project.init import releasing
from tests.project.init.releasing import get

pytestmark = pytest.mark.release

Make = Callable[..., Deployment]
VITE = {
    "package.json": '{"private": true, "type": "module", "scripts": {"build": "vite build"},'
    ' "devDependencies": {"vite": "^6"}}',
    "vite.config.js": """\
export default {
  base: "/static/",
  build: { manifest: true, outDir: "dist", rollupOptions: { input: "src/main.js" } },
};
""",
    "src/main.js": 'import "./main.css";\n',
    "src/main.css": "h2 { color: blue }\n",
}


@pytest.fixture
def released(tmp_path: Path) -> Make:
    """Initialize and build a copy of that project, after it was changed."""
    return functools.partial(releasing.released, tmp_path)


def test_django_serves_its_pages_and_what_it_has_collected(released: Make) -> None:
    site = released("django")
    assert "Running migrations" in site.ok("manage", "migrate")
    with site.running() as address:
        page = get(address)
        assert "hello from Django" in page
        sheet = page.partition('href="')[2].partition('"')[0]
        assert sheet.startswith("/static/site.") and sheet != "/static/site.css"
        assert "green" in get(f"{address}{sheet}")


QUEUE = """
import sqlite3
QUEUE = {"filename": os.path.join(BASE_DIR, "data", "tasks.sqlite3")}
sqlite3.connect(QUEUE["filename"]).execute("create table if not exists job (id)")
"""


@pytest.mark.frameworks
def test_a_database_that_the_settings_open_has_its_directory_and_is_not_shipped(  # P21
    released: Make,
) -> None:
    def queue(project: Path) -> None:
        settings = project / "mysite/settings.py"
        settings.write_text(settings.read_text() + QUEUE)

    site = released("django", queue)
    tree = site.program.parents[1]
    assert [] == list(tree.glob("app/data/*"))
    releasing.relforge(tree, "verify", str(tree))
    with site.running() as address:
        assert "hello from Django" in get(address)


def test_celery_runs_a_task(released: Make) -> None:
    jobs = released("celery")
    with jobs.running():
        jobs.ok("eval", "__import__('jobs.tasks').tasks.add.delay(2, 3)")
        eventually((jobs.state / "sum").exists, 30)
        eventually(lambda: "5" == (jobs.state / "sum").read_text())


def test_a_plain_script_is_a_command(released: Make) -> None:
    assert "relforge" in released("script").ok("report", "relforge")


def test_flask_is_served_as_wsgi(released: Make) -> None:
    with released("flask").running() as address:
        assert "hello from Flask" == get(address)


@pytest.mark.frameworks
@pytest.mark.parametrize(("name", "title"), [("fastapi", "FastAPI"), ("litestar", "Litestar")])
def test_an_asgi_application_is_served(released: Make, name: str, title: str) -> None:
    with released(name).running() as address:
        assert {"hello": f"from {title}"} == json.loads(get(address))


@pytest.mark.frameworks
def test_django_collects_what_vite_has_built(released: Make) -> None:
    def add_vite(root: Path) -> None:
        for name, text in VITE.items():
            place = root / "frontend" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        settings = root / "mysite" / "settings.py"
        directories = 'STATICFILES_DIRS = [BASE_DIR / "frontend" / "dist", '
        settings.write_text(settings.read_text().replace("STATICFILES_DIRS = [", directories))

    site = released("django", add_vite)
    tree = site.program.parent.parent
    manifest = tree / "app" / "frontend" / "dist" / ".vite" / "manifest.json"
    (sheet,) = json.loads(manifest.read_text())["src/main.js"]["css"]
    with site.running() as address:
        assert get(f"{address}/static/{sheet}").startswith("h2{color:")
