"""S25: code of packages that runs at each start."""

from __future__ import annotations

from pathlib import Path

import pytest

from relforge.checks import startup_code, step
from relforge.model.release import Release
from tests.checks import trees
from tests.checks.trees import SITE

DISTUTILS = (
    "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; "
    "enabled = os.environ.get(var, 'local') == 'local'; "
    "enabled and __import__('_distutils_hack').add_shim(); \n"
)
NAMESPACE = (
    "import sys, types, os;p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('google',));"
    "importlib = __import__('importlib.util');__import__('importlib.machinery');"
    "m = sys.modules.setdefault('google', importlib.util.module_from_spec("
    "importlib.machinery.PathFinder.find_spec('google', [os.path.dirname(p)])));"
    "m = m or sys.modules.setdefault('google', types.ModuleType('google'));"
    "mp = (m or []) and m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p)\n"
)
NESTED = (
    "import sys, types, os;has_mfs = sys.version_info > (3, 5);"
    "p = os.path.join(sys._getframe(1).f_locals['sitedir'], *('zope', 'i18n'));"
    "importlib = has_mfs and __import__('importlib.util');"
    "has_mfs and __import__('importlib.machinery');"
    "m = has_mfs and sys.modules.setdefault('zope.i18n', importlib.util.module_from_spec("
    "importlib.machinery.PathFinder.find_spec('zope.i18n', [os.path.dirname(p)])));"
    "m = m or sys.modules.setdefault('zope.i18n', types.ModuleType('zope.i18n'));"
    "mp = (m or []) and m.__dict__.setdefault('__path__',[]);(p not in mp) and mp.append(p);"
    "m and setattr(sys.modules['zope'], 'i18n', m)\n"
)


def found(release: Release) -> list[tuple[str, str]]:
    rows = list(startup_code.rule(release))
    assert {"warning"} >= {row.severity for row in rows}
    return [(row.path, row.message) for row in rows]


def of_deps(root: Path, path: str, content: bytes | str = "") -> list[tuple[str, str]]:
    return found(trees.release(root, {"deps": {path: content}}))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.pth", "import evil\n", "runs code at each start: import evil"),
        ("x.pth", "# no\nlib\nimport\tevil; evil.go()", "runs code at each start: import\tevil"),
        ("x.pth", "\ufeffimport evil\n", "runs code at each start: import evil"),
        ("x.pth", b"\xff\rimport evil", "runs code at each start: import evil"),
        (".x.pth", "import evil\n", "runs code at each start: import evil"),
        ("x.pth", DISTUTILS.replace("_distutils_hack", "evil"), "runs code at each start: "),
        ("x.pth", DISTUTILS.strip() + "import evil\n", "runs code at each start: "),
        ("x.pth", NAMESPACE + "import evil\n", "runs code at each start: import evil"),
        ("x.pth", NAMESPACE.replace("'google',", "evil(),"), "runs code at each start: "),
        ("x.start", "evil:main\n", "runs at each start: evil:main"),
        ("x.pth", "/tmp/lib\n", "has modules looked for outside of the release: /tmp/lib"),
        ("x.pth", "../../../../../lib\n", "has modules looked for outside of the release: ../"),
        ("sitecustomize.py", "", "is imported at each start"),
        ("usercustomize.pyc", b"", "is imported at each start"),
        ("sitecustomize.cpython-312-x86_64-linux-gnu.so", b"", "is imported at each start"),
        ("sitecustomize/__init__.py", "", "is imported at each start"),
        ("../sitecustomize.py", "", "is imported at each start"),
        ("../lib-dynload/sitecustomize.abi3.so", b"", "is imported at each start"),
        ("../../../pyvenv.cfg", "home = /tmp\n", "says where the interpreter looks for modules"),
    ],
)
def test_a_file_that_runs_code_is_named(
    tmp_path: Path, name: str, content: bytes | str, message: str
) -> None:
    path = str(Path("/", SITE, name).resolve()).lstrip("/")
    ((where, said),) = of_deps(tmp_path, path, content)
    assert path == where
    assert said.startswith(message)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.pth", "lib\n../site-packages/other\n# import x\n\nimportlib_of_somebody\n"),
        ("distutils-precedence.pth", DISTUTILS),
        ("google-nspkg.pth", NAMESPACE),
        ("zope-nspkg.pth", NESTED),
        ("zope-nspkg.pth", NAMESPACE + NESTED),
        ("x.start", "# nothing\n\n"),
        ("shop/sitecustomize.py", ""),
        ("shop/x.pth", "import evil\n"),
        ("sitecustomize_of_shop.py", ""),
        ("sitecustomize/data.txt", ""),
    ],
)
def test_what_nothing_runs_is_not(tmp_path: Path, name: str, content: str) -> None:
    assert [] == of_deps(tmp_path, f"{SITE}/{name}", content)


def test_the_interpreters_own_counts_and_what_the_user_wrote_does_not(tmp_path: Path) -> None:
    path = "python/lib/python3.12/sitecustomize.py"
    (tmp_path / "a").mkdir()
    own = trees.release(tmp_path / "a", {"python": {path: ""}})
    assert [path] == [row[0] for row in found(own)]
    (tmp_path / "b").mkdir()
    assert [] == found(trees.app(tmp_path / "b", {f"{SITE}/relforge.pth": "import x\n"}))


def test_it_is_a_rule_that_a_setting_passes_over() -> None:
    assert step.RULES[startup_code.RULE] is startup_code.rule
