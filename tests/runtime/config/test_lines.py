from __future__ import annotations

import tomllib

import pytest

from relforge.runtime.config import keys, lines

DOCUMENT = '''\
# a comment = 1
title = "x = 1"
a.b.c = 1

[http]          # [not.a.table]
port = 80
"quoted.name" = """
fake = 1
[also.fake]
"""
hosts = [
  "a", # ]
  "b=c",
  { name = 1 },
]
inline = { x = 1, y.z = { w = "}" } }

[http . "deep \\u0041".'literal']
key = 'it''
'''.replace("'it''", "'it'")


def test_every_key_has_its_line() -> None:
    found = {keys.show(path): line for path, line in lines.of(DOCUMENT).items()}

    assert 2 == found["title"]
    assert 3 == found["a.b.c"]
    assert 5 == found["http"]
    assert 6 == found["http.port"]
    assert 7 == found['http."quoted.name"']
    assert 11 == found["http.hosts"]
    assert 16 == found["http.inline.x"] == found["http.inline.y.z.w"]
    assert 19 == found["http.deep A.literal.key"]


def test_nothing_inside_strings_and_arrays_counts() -> None:
    found = {keys.show(path) for path in lines.of(DOCUMENT)}

    assert not {key for key in found if "fake" in key or key.endswith("name")} - {
        'http."quoted.name"'
    }


def test_each_leaf_that_tomllib_sees_is_found() -> None:
    leaves = {path for path, _ in keys.leaves(tomllib.loads(DOCUMENT))}

    assert leaves <= set(lines.of(DOCUMENT))


@pytest.mark.parametrize(
    "text",
    [
        "k = 1\r\n[t]\r\nx = 2\r\n",
        'k = """a""""\n[t]\nx = 2',
        "k = '''\n'''\n[t]\nx = 2 # end",
        "k = [[1, 2], [{ a = 1 }]]\n[t]\nx = 1979-05-27T07:32:00Z",
        'k = "\\\\"\n[t]\nx = "\\"]"',
        "[[k]]\na = 1\n[[k]]\na = 2\n[t]\nx = -inf",
        "k = {}\nt = { x = [] }",
    ],
)
def test_odd_documents_are_followed_to_their_end(text: str) -> None:
    tomllib.loads(text)

    found = lines.of(text)

    assert ("t", "x") in found
    assert found["t", "x"] == next(n for n, row in enumerate(text.split("\n"), 1) if "x =" in row)


def test_a_text_that_is_no_toml_ends_the_scan_quietly() -> None:
    assert 1 == lines.of('a = 1\nb "')["a",]
