"""References of style sheets, as CSS reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relforge.layers.assets import css, fingerprint

# B13: each of them names the file `img/a b.png` of the directory above.
REFERENCES = [
    "url('../img/a b.png')",
    'url( "../img/a b.png" )',
    "url(../img/a\\ b.png)",
    "url(../img/a%20b.png)",
    "URL(../img/a%20b.png)",
    "u\\72l('../img/a b.png')",
    "url('../img/a\\20 b.png')",
    "url(../img/a%20b.png?v=1#x)",
    'src("../img/a b.png")',
    'image-set("../img/a b.png" 1x)',
    "-webkit-image-set(url('../img/a b.png') 2x)",
]
OTHERS = [
    "content: \"url('../img/a b.png')\"",
    "/* url(../img/a%20b.png) */",
    "url(../img/a b.png)",  # a blank in an address without quotes: a bad one
    "format('../img/a b.png')",
    "url(/img/a%20b.png)",
    "url(data:image/png;base64,../img/a%20b.png)",
    'image-set("x.png" type("../img/a b.png"))',
]


def written(sheet: str) -> str:
    def known(path: str) -> str | None:
        return "NEW" if path in ("../img/a b.png", "../img/a%20b.png") else None

    return css.rewritten(sheet, known)


@pytest.mark.parametrize("text", REFERENCES)
def test_a_reference_is_rewritten(text: str) -> None:
    found = written(f"x {{ background: {text} 1px }} y {{}}")
    assert "NEW" in found
    assert "a b" not in found.replace("\\20", "")
    assert found.startswith("x { background: ") and found.endswith(" 1px } y {}")
    assert ("?v=1#x" in text) == ("NEW?v=1#x" in found)


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_none_stays_as_it_is(text: str) -> None:
    sheet = f"x {{ a: {text}; }}"
    assert sheet == written(sheet)


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        ('@import "a.css" screen;', ["a.css"]),
        ("@IMPORT /* x */ 'a.css';", ["a.css"]),
        ("@import url(a.css) layer(b);", ["a.css"]),
        ('@charset "a.css";', []),
        ("@media print { @import 'a.css' }", ["a.css"]),
        ("x{}", []),
        ("url(", []),
        ("'", []),
        ("/* never ends", []),
        ("url()", [""]),
    ],
)
def test_the_references_of_a_sheet(sheet: str, expected: list[str]) -> None:
    assert expected == list(css.references(sheet))


def test_a_name_that_needs_quotes_is_written_so_that_it_needs_none() -> None:
    assert "url(p%281%29%27.png)" == css.rewritten("url(a)", lambda _: "p(1)'.png")


def names_of(directory: Path, files: dict[str, str]) -> dict[str, str]:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    fingerprint.add(directory)
    names: dict[str, str] = json.loads((directory / fingerprint.MANIFEST).read_text())
    return names


@pytest.mark.parametrize("names", [("a.css", "b.css", "sub/c.css"), ("z.css", "b.css", "a/c.css")])
def test_a_changed_sheet_changes_the_names_of_those_that_import_it(
    tmp_path: Path, names: tuple[str, str, str]
) -> None:
    """B13: whatever the order of their names."""
    first, second, third = names
    files = {
        first: f'@import "{second}";',
        second: f"@import url({third});",
        third: "x{}",
        "other.css": "y{}",
    }
    one = names_of(tmp_path / "one", files)
    two = names_of(tmp_path / "two", {**files, third: "x{color:red}"})
    assert {name for name in files if one[name] != two[name]} == set(names)
    assert f'@import "{one[second]}";' == (tmp_path / "one" / one[first]).read_text()


def test_sheets_that_import_each_other_are_named_together(tmp_path: Path) -> None:
    """B13: a circle ends, and each of its names covers all of it."""
    files = {
        "a.css": '@import "b.css";x{}',
        "b.css": '@import "a.css";',
        "c.css": '@import "c.css";',
    }
    one = names_of(tmp_path / "one", files)
    assert f'@import "{one["b.css"]}";x{{}}' == (tmp_path / "one" / one["a.css"]).read_text()
    two = names_of(tmp_path / "two", {**files, "a.css": '@import "b.css";y{}'})
    assert one["a.css"] != two["a.css"]
    assert one["b.css"] != two["b.css"]
