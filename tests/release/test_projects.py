"""Kinds of projects: source trees, wheels, none; overlays; applications that are hard to import."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.release.workshop import PYTHON, Workshop, called

pytestmark = pytest.mark.release

SETTINGS = f'[tool.relforge]\nversion = "1.0"\npython = {{ version = "{PYTHON}" }}\n'


def test_a_project_of_source_trees(shop: Workshop) -> None:
    shop.pyproject.unlink()
    shop.put(
        "relforge.toml",
        f"""
name = "shop"
version = "1.0"
python = {{ version = "{PYTHON}" }}
app = ["manage.py", "mysite"]
commands.check = {{ call = "manage:main", help = "look at the site" }}
""",
    )
    shop.put(
        "manage.py", "import mysite.settings\n\ndef main():\n    print(mysite.settings.PAGE)\n"
    )
    shop.put("mysite/__init__.py", "")
    shop.put(
        "mysite/settings.py",
        "from pathlib import Path\nPAGE = (Path(__file__).parent / 'page.txt').read_text()\n",
    )
    shop.put("mysite/page.txt", "welcome")
    shop.put("notes.txt", "not a part of it")
    shop.report("build")
    assert "welcome\n" == called(shop.tree / "bin" / "shop", "check")
    program = "import manage; manage.main()"
    assert "welcome\n" == called(shop.tree / "bin" / "python", "-c", program)
    there = {path.name for path in (shop.tree / "app").iterdir()} - {"__pycache__"}
    assert {"manage.py", "mysite"} == there


def test_a_project_without_an_application(shop: Workshop) -> None:
    shop.pyproject.write_text(f'[project]\nname = "shop"\n\n{SETTINGS}app = []\n')
    report = shop.report("release")
    said = shop.run("release", "--quiet")
    assert 0 == said.returncode
    assert report["artifact"].endswith(".tar.gz")
    assert "shop 1.0\n" == called(shop.tree / "bin" / "shop", "version")
    assert "2\n" == called(shop.tree / "bin" / "python", "-c", "print(1 + 1)")


def test_a_wheel_with_data_and_console_scripts(shop: Workshop, tmp_path: Path) -> None:
    shop.pyproject.write_text(f"""\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"

[project]
name = "shop"
version = "1.0"
requires-python = ">=3.11"
scripts = {{ shop-admin = "shop.admin:main" }}

{SETTINGS}
commands.admin = {{ call = "shop.admin:main", argv = true, help = "the same" }}
""")
    shop.put(
        "shop/admin.py",
        "from importlib.resources import files\nimport sys\n\ndef main():\n"
        "    print(files('shop').joinpath('data', 'greeting.txt').read_text(), sys.argv[1:])\n",
    )
    shop.put("shop/data/greeting.txt", "good morning")
    before = shop.files()
    shop.report("build")
    left = {path for path in shop.files() - before if not path.startswith("_build/")}
    assert set() == left, "nothing is left behind among the sources"
    script = shop.tree / "python" / "bin" / "shop-admin"
    assert "good morning ['-x']\n" == called(script, "-x")
    moved = tmp_path / "another place"
    shop.tree.rename(moved)
    (tmp_path / "one").symlink_to(moved / "python" / "bin" / "shop-admin")
    (tmp_path / "two").symlink_to("one")
    assert "good morning ['a b']\n" == called(tmp_path / "two", "a b")
    assert "good morning" in called(moved / "bin" / "shop", "admin")
    assert [] == list((moved / "app").glob("shop")), "it is in site-packages"


def test_overlays_and_the_hook_of_the_shell(shop: Workshop) -> None:
    shop.put("release/env.sh.j2", "export GREETING='{{ name }} {{ version }} in {{ env }}'\n")
    shop.put("release/motd/a.txt", "as it is: {{ name }}\n")
    shop.put("release/tool", "#!/bin/sh\necho tool\n")
    shop.put("shop/ops.py", "import os\n\ndef hello():\n    print(os.environ['GREETING'])\n")
    shop.add("""
[[tool.relforge.overlays]]
template = "release/env.sh.j2"
to = "release/env.sh"
[[tool.relforge.overlays]]
copy = "release/motd"
to = "app/motd"
[[tool.relforge.overlays]]
copy = "release/tool"
to = "bin/tool"
mode = "0755"
""")
    shop.report("build")
    assert "shop 1.0 in prod\n" == called(shop.tree / "bin" / "shop", "hello")
    assert "as it is: {{ name }}\n" == (shop.tree / "app" / "motd" / "a.txt").read_text()
    assert "tool\n" == called(shop.tree / "bin" / "tool")


def test_an_import_that_is_not_tried(shop: Workshop) -> None:
    shop.put("shop/worker.py", "raise SystemExit('not here')\n")
    said = shop.refused(1, "build")
    assert "SystemExit: not here" in said
    shop.add("[tool.relforge.check]\nimport = false")
    shop.report("build")
    shop.put("shop/worker.py", "import os\nimport nosuch_package\n\nraise SystemExit\n")
    said = shop.refused(1, "build")
    assert "app/shop/worker.py:2 imports 'nosuch_package', which is not in the release" in said


def test_an_application_that_needs_its_configuration_to_be_imported(shop: Workshop) -> None:
    shop.put(
        "shop/worker.py",
        "import os\n\nfrom relforge.runtime import config\n\nURL = config['db.url']\n"
        "TOKEN = os.environ['TOKEN']\n\ndef main():\n    pass\n",
    )
    shop.add('[tool.relforge.config.schema]\n"db.url" = { type = "url", required = true }')
    said = shop.refused(1, "build")
    assert "db.url" in said
    assert "check = { env = {...}, config = {...} }" in said
    shop.add("""
[tool.relforge.check]
env = { TOKEN = "t" }
config = { db = { url = "sqlite://" } }
""")
    shop.report("build")
    held = "".join(path.read_text() for path in (shop.tree / "release").rglob("*.json"))
    assert "sqlite://" not in held, "what the check is given does not ship"
