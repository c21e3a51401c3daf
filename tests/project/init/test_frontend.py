"""Front ends by their own manifests, and where they write to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from relforge.project.init import frontend_output
from tests.project.init.memory import left, read, written

APP = {
    "main.py": "from fastapi import FastAPI\napp = FastAPI()\n",
    "requirements.txt": "fastapi\nuvicorn\n",
}


def package(build: str, **more: Any) -> str:
    return json.dumps({"scripts": {"build": build, **more.pop("scripts", {})}, **more})


@pytest.mark.parametrize(
    ("files", "run"),
    [
        ({"package-lock.json": "{}"}, (("npm", "ci"), ("npm", "run", "build"))),
        ({}, (("npm", "install"), ("npm", "run", "build"))),
        ({"pnpm-lock.yaml": ""},
         (("pnpm", "install", "--frozen-lockfile"), ("pnpm", "run", "build"))),
        ({"bun.lock": ""}, (("bun", "install", "--frozen-lockfile"), ("bun", "run", "build"))),
        ({"bun.lockb": ""}, (("bun", "install", "--frozen-lockfile"), ("bun", "run", "build"))),
        ({"yarn.lock": ""}, (("yarn", "install", "--frozen-lockfile"), ("yarn", "run", "build"))),
        ({"yarn.lock": "__metadata:\n"},
         (("yarn", "install", "--immutable"), ("yarn", "run", "build"))),
    ],
)  # fmt: skip
def test_the_package_manager_is_the_projects(
    files: dict[str, str], run: tuple[tuple[str, ...], ...]
) -> None:
    # P38
    ui = {f"ui/{name}": text for name, text in files.items()}
    typed = read({**APP, "ui/package.json": package("vite build"), **ui})
    assert (run, "ui") == (typed.assets.run, typed.assets.cwd)


def test_corepack_names_the_package_manager() -> None:
    # P38
    manifest = package("vite build", packageManager="pnpm@9.1.0")
    assert ("pnpm", "install") == read({**APP, "ui/package.json": manifest}).assets.run[0]


@pytest.mark.parametrize(
    ("build", "files", "output"),
    [
        ("vite build", {}, "ui/dist"),
        ("tsc && vite build", {"vite.config.ts": 'build: { outDir: "../static/ui" }'}, "static/ui"),
        ("vite build", {"vite.config.js": "outDir: path.resolve(__dirname, '..', 'out')"}, "out"),
        ("vite build --outDir ../web", {}, "web"),
        ("webpack", {"webpack.config.js": "output: { path: path.resolve(__dirname, 'a', 'b') }"},
         "ui/a/b"),
        ("webpack --mode production", {}, "ui/dist"),
        ("npx webpack --config webpack.prod.js", {
            "webpack.prod.js": "const c = require('./webpack.common.js'); merge(c, {})",
            "webpack.common.js": "output: { filename: '[name].js', path: path.resolve('./static/')",
        }, "ui/static"),
        ("webpack -c build/prod.js",
         {"build/prod.js": "output: { path: path.join(__dirname, '../../static') }"}, "static"),
        ("webpack -o ../made", {"webpack.config.js": "output: { path: x }"}, "made"),
        ("webpack", {"webpack.config.ts": "const OUT = resolve(__dirname, 'out');\n"
                                          "export default { output: { path: OUT } }"}, "ui/out"),
        ("webpack", {"webpack.config.js": "output: { path: __dirname + '/made' }"}, "ui/made"),
        ("webpack", {"webpack.config.js": "output: { path: `${__dirname}/made`, }"}, "ui/made"),
        ("webpack", {"webpack.config.js": "c.output.path = path.resolve(process.cwd(), 'x')"},
         "ui/x"),
        ("webpack", {"webpack.config.js": "output: { path: process.env.OUT ||\n"
                                          "  path.resolve(__dirname, 'x/y') }"}, "ui/x/y"),
        ("encore production", {"webpack.config.js": "Encore.setOutputPath('../public/build/')"},
         "public/build"),
        ("vite build", {"vite.config.js": "root: 'src', build: { outDir: '../../made' }"}, "made"),
        ("vite build", {"vite.config.js": "root: './src'"}, "ui/src/dist"),
        ("vite build --config vite.lib.ts", {"vite.config.ts": "outDir: 'no'",
                                             "vite.lib.ts": "outDir: 'lib'"}, "ui/lib"),
        ("vite build", {"vite.config.ts": "outDir: fileURLToPath(new URL('../made', "
                                          "import.meta.url))"}, "made"),
        ("vite build", {"svelte.config.js": "adapter-static; adapter({ pages: '../web' })"}, "web"),
        ("BUILD_PATH=../static react-scripts build", {}, "static"),
        ("react-scripts build", {".env": "BUILD_PATH='../static'"}, "static"),
        ("react-scripts build", {}, "ui/build"),
        ("vue-cli-service build", {"vue.config.js": "outputDir: '../static'"}, "static"),
        ("next build", {"next.config.js": "output: 'export'"}, "ui/out"),
        ("next build", {"next.config.js": "output: 'export', distDir: 'built'"}, "ui/built"),
        ("ng build", {"angular.json": '{"projects": {"x": {"architect": {"build": {"options":'
                                      ' {"outputPath": "dist/x"}}}}}}'}, "ui/dist/x"),
        ("rollup -c", {"rollup.config.mjs": "output: { file: 'public/x.js' }"}, "ui/public"),
        ("sass scss:static/css", {}, "ui/static/css"),
        ("tailwindcss -i a.css -o ../static/app.css", {}, "static"),
        ("esbuild a.js --outdir=../out/js", {}, "out/js"),
        ("esbuild a.js --outfile=../out/a.js", {}, "out"),
        ("parcel build a.html", {}, "ui/dist"),
        ("npm run css && npm run js", {}, "ui/css"),
        ("run-s build:*", {}, "ui/made"),
    ],
)  # fmt: skip
def test_the_output_is_read_from_the_builds_own_configuration(
    build: str, files: dict[str, str], output: str
) -> None:
    # P38
    scripts = {"css": "sass a.scss css/a.css", "build:js": "esbuild a.js --outdir=made"}
    ui = {f"ui/{name}": text for name, text in files.items()}
    typed = read({**APP, "ui/package.json": package(build, scripts=scripts), **ui})
    assert (output, f"app/{output}") == typed.assets.outputs[0]


@pytest.mark.parametrize(
    ("build", "files"),
    [
        ("gulp", {}),
        ("next build", {}),
        ("vite build", {"vite.config.js": "build: { outDir: target }"}),
        ("vite build", {"vite.config.js": "root: process.env.ROOT, outDir: 'x'"}),
        ("vite build --config gone.ts", {}),
        ("webpack --config webpack.gone.js", {}),
        ("webpack", {"webpack.config.js": "output: { path: process.env.OUT }"}),
        ("webpack", {"webpack.config.js": "output: { filename: () => { f }, path: OUT }"}),
        ("webpack", {"webpack.config.js": "output: { path: path.resolve(root, 'static') }"}),
        ("vite build", {"svelte.config.js": "import adapter from '@sveltejs/adapter-auto'"}),
        ("vite build", {"vite.config.js": "build: { outDir: '../../elsewhere' }"}),
    ],
)
def test_an_output_that_cannot_be_read_is_a_question(build: str, files: dict[str, str]) -> None:
    # P38
    ui = {f"ui/{name}": text for name, text in files.items()}
    project = {**APP, "ui/package.json": package(build), **ui}
    assert () == read(project).assets.run
    assert "cannot be read" in left(project, "npm")
    assert 'outputs = { WHERE-IT-WRITES = "app/static" }' in written(project)


def test_what_is_built_already_is_not_built_again() -> None:
    # P38
    files = {
        **APP,
        "ui/package.json": package("vite build"),
        "ui/dist/assets/index-Bx81kc0f.js": "",
        "ui/dist/logo.svg": "",
    }
    assert () == read(files).assets.run
    assert "is already in the sources, in ui/dist" in left(files, "npm")
    del files["ui/dist/assets/index-Bx81kc0f.js"]
    assert read(files).assets.run


def test_every_front_end_is_built() -> None:
    # P38
    files = {
        **APP,
        "web/package.json": package("vite build"),
        "web/package-lock.json": "{}",
        "mail/package.json": package("esbuild a.js --outdir=dist"),
        "mail/bun.lock": "",
    }
    assets = read(files).assets
    assert (
        ("bun", "--cwd", "mail", "install", "--frozen-lockfile"),
        ("bun", "--cwd", "mail", "run", "build"),
        ("npm", "--prefix", "web", "ci"),
        ("npm", "--prefix", "web", "run", "build"),
    ) == assets.run
    assert {"mail/dist": "app/mail/dist", "web/dist": "app/web/dist"} == dict(assets.outputs)


def test_a_workspace_is_installed_from_its_root() -> None:
    # P38
    files = {
        **APP,
        "package.json": json.dumps({"workspaces": ["ui"]}),
        "package-lock.json": "{}",
        "ui/package.json": package("vite build"),
    }
    assert (("npm", "ci"), ("npm", "--prefix", "ui", "run", "build")) == read(files).assets.run


def test_inputs_hold_what_the_build_names() -> None:
    # P38
    files = {
        **APP,
        "package.json": package("sass scss:static/css"),
        "scss/a.scss": "",
        "static/logo.svg": "",
    }
    assets = read(files).assets
    assert {"package*.json", "scss/**"} <= set(assets.inputs)
    assert (("static/css", "app/static/css"),) == assets.outputs


def test_a_program_that_is_not_there_is_named() -> None:
    # P39
    files = {**APP, "ui/package.json": package("vite build"), "ui/pnpm-lock.yaml": ""}
    assert "built with pnpm, which is not on this host's PATH" in left(files)
    assert "PATH" not in left(files, "pnpm")


def test_scripts_that_run_themselves_end() -> None:
    assert frontend_output.expand("npm run build", {"build": "npm run build"})


def test_a_front_end_that_builds_into_its_own_directory_is_a_comment() -> None:
    files = {
        "shop/static/styles/package.json": json.dumps(
            {"scripts": {"build": "sass --output-dir . scss:."}}
        ),
        "shop/static/styles/scss/a.scss": "",
        "shop/static/styles/a.css": "",
        "shop/__init__.py": "from flask import Flask\napp = Flask('a')\n",
        "requirements.txt": "flask\ngunicorn\n",
    }
    assert () == read(files).assets.run
    assert "its build writes into shop/static/styles, next to its sources" in left(files)
