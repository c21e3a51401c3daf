"""What a build makes of its own wheels and of other people's: each mechanism on a real release."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from relforge import elf
from tests.release.workshop import Workshop, called

pytestmark = pytest.mark.release

SETUP = """\
from setuptools import Extension, setup

setup(
    name="shop",
    version="1.0",
    packages=["shop"],
    ext_modules=[
        Extension(
            "shop._c",
            ["shop/_c.c"],
            libraries=["shopown"],
            library_dirs=["{directory}"],
            runtime_library_dirs=["{directory}", "{prefix}"],
        )
    ],
)
"""
C = """\
#include <Python.h>
extern int shop_answer(void);
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_c", NULL, -1, NULL};
PyMODINIT_FUNC PyInit__c(void) {
    PyObject *made = PyModule_Create(&module);
    PyModule_AddIntConstant(made, "answer", shop_answer());
    return made;
}
"""


@pytest.fixture
def extension(shop: Workshop, tmp_path: Path) -> tuple[Workshop, Path]:
    """A project with an extension that takes a library of this host by its run path."""
    directory = tmp_path / "opt/own/lib"
    directory.mkdir(parents=True)
    (tmp_path / "own.c").write_text("int shop_answer(void) { return 42; }\n")
    words: list[str | Path] = [
        "cc",
        "-shared",
        "-fPIC",
        "-o",
        directory / "libshopown.so",
        tmp_path / "own.c",
    ]
    subprocess.run(words, check=True, timeout=60)
    prefix = sysconfig.get_config_var("LIBDIR")
    shop.put("setup.py", SETUP.format(directory=directory, prefix=prefix))
    shop.put("shop/_c.c", C)
    shop.put("shop/ops.py", "from shop import _c\n\n\ndef hello():\n    print(_c.answer)\n")
    shop.replace(
        "[tool.relforge]\n",
        '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n\n'
        "[tool.relforge]\n",
    )
    shop.replace('app = ["shop"]\n', "")
    return shop, directory


def test_an_extension_of_ones_own_is_made_to_find_its_libraries(
    extension: tuple[Workshop, Path],
) -> None:
    """P27: the interpreter's directory and that of a library of this host in its run path."""
    shop, directory = extension
    built = shop.report("build")
    assert [] == [row for row in built["findings"] if row["rule"] in ("run-paths", "libraries")]
    shutil.rmtree(directory)
    assert "42\n" == called(shop.tree / "bin/shop", "hello")
    (module,) = (shop.tree / "python").rglob("_c.*.so")
    read = elf.read(module)
    assert read is not None
    assert all(row.startswith("$ORIGIN") for row in (*read.rpath, *read.runpath))
    assert str(directory).encode() not in module.read_bytes()
    assert (shop.tree / "python/lib/libshopown.so").is_file()


def test_a_module_that_an_overlay_replaces_runs(shop: Workshop) -> None:
    """B1, by `copy` of a directory, by assets, and by a step of the project."""
    shop.put("patch/ops.py", "import sys\n\ndef hello():\n    print('OVERLAID', *sys.argv[1:])\n")
    shop.put("shop/a.py", "who = 'old'\n")
    shop.put("shop/b.py", "who = 'old'\n")
    shop.put("front/in.txt", "x")
    shop.put(
        "tools.py",
        "from relforge import api\n\n\ndef patch(release):\n"
        "    api.write(release, 'app/shop/b.py', \"who = 'step'\\n\")\n    return release\n",
    )
    shop.put(
        "shop/worker.py", "from shop import a, b, ops\nprint(a.who, b.who)\nmain = ops.hello\n"
    )
    shop.replace(
        "[tool.relforge]\n",
        '[tool.relforge]\noverlays = [{ copy = "patch", to = "app/shop" }]\n'
        'steps = ["assemble", "tools:patch", "pack"]\n',
    )
    shop.add(
        '[tool.relforge.assets]\ncwd = "front"\noutputs = { "front/dist" = "app/shop" }\n'
        'run = [["sh", "-c", "mkdir dist && echo \\"who = \'assets\'\\" > dist/a.py"]]\n'
    )
    shop.add('[tool.relforge.commands.who]\nexec = ["python", "-c", "import shop.worker"]\n')
    built = shop.report("build")
    assert "OVERLAID you\n" == called(shop.tree / "bin/shop", "hello", "you")
    assert "assets step\n" == called(shop.tree / "bin/shop", "who")
    (row,) = (
        row for row in built["findings"] if row["rule"] != "entry-points"
    )  # it is never ready
    assert ("collisions", "app/shop/a.py") == (row["rule"], row["path"])
    assert "is replaced by the assets" in row["message"]


def test_what_an_import_printed_is_shown_and_said_once(shop: Workshop) -> None:
    """P33: four entry points that one failure stops."""
    shop.put(
        "shop/__init__.py",
        "import logging, sys\nlogging.error('the key is not set: set EX_KEY')\nsys.exit(1)\n",
    )
    for name in ("a", "b"):
        shop.add(f'[tool.relforge.services.{name}]\nrun = "shop.worker:main"')
    said = shop.refused(1, "build")
    assert 1 == said.count("set EX_KEY")
    assert 1 == said.count("SystemExit: 1")
    for place in ("services.worker.run", "services.a.run", "services.b.run", "commands.hello.call"):
        assert f"tool.relforge.{place}" in said


def test_an_entry_point_that_crashes_does_not_hide_the_others(shop: Workshop) -> None:
    """P33: it is named, and the others are imported all the same."""
    shop.put("shop/ops.py", "import os\nprint('about to go', flush=True)\nos._exit(7)\n")
    shop.put("shop/worker.py", "import nowhere\n")
    shop.add('[tool.relforge.check]\nallow = ["imports:*"]')
    shop.add('[tool.relforge.services.worker.env]\nA = "1"')
    said = shop.refused(1, "build")
    assert "importing 'shop.ops': the process ended with status 7" in said
    assert "about to go" in said
    assert "No module named 'nowhere'" in said


def test_options_of_a_server_are_judged_by_the_build(shop: Workshop) -> None:
    """P32: a green build failed on the target."""
    site = Path(sysconfig.get_path("purelib"))
    shop.put("shop/web.py", "async def app(scope, receive, send):\n    pass\n")
    for name in ("uvicorn", "click", "h11"):
        shutil.copytree(site / name, shop.root / name)
    shop.replace('app = ["shop"]', 'app = ["shop", "uvicorn", "click", "h11"]')
    shop.add(
        '[tool.relforge.services.web]\napp = "shop.web:app"\nlisten = ["127.0.0.1:0"]\n'
        'options = { lgo_level = "x" }\n[tool.relforge.check]\nskip = ["imports"]'
    )
    said = shop.refused(1, "build")
    assert "tool.relforge.services.web.options.lgo_level: uvicorn has no such option" in said
    assert "did you mean log_level?" in said


def test_a_fifo_is_refused_wherever_it_is(shop: Workshop) -> None:
    """B8: a build waited for ever, with its locks held."""
    (shop.root / "conf").mkdir()
    subprocess.run(["mkfifo", shop.root / "conf/p"], check=True, timeout=10)
    shop.replace("[tool.relforge]\n", '[tool.relforge]\noverlays = [{ copy = "conf", to = "x" }]\n')
    assert "tool.relforge.overlays[0].copy: conf/p: is a FIFO" in shop.refused(78, "build")
    shop.replace('copy = "conf", to', 'copy = "conf/p", to')
    assert "tool.relforge.overlays[0].copy: conf/p: is a FIFO" in shop.refused(78, "build")
    shop.replace('overlays = [{ copy = "conf/p", to = "x" }]\n', "")
    shop.add(
        '[tool.relforge.assets]\ncwd = "shop"\noutputs = { "shop/dist" = "app/static" }\n'
        'run = [["sh", "-c", "mkdir dist && mkfifo dist/p"]]'
    )
    assert "tool.relforge.assets.outputs: shop/dist/p: is a FIFO" in shop.refused(1, "build")
