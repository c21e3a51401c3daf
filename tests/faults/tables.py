"""Tables as TOML can write them: near to what relforge reads, and off by anything."""

from __future__ import annotations

from typing import Any

import tomli
from hypothesis import strategies as st

# One of everything that can be written; what is drawn is this with parts put in others' places.
WHOLE = """
name = "shop"
version = "1.0"
lock = "pylock.toml"
app = ["manage.py", "src"]
steps = ["assemble", "pack"]
formats = ["tar.gz", "tar.zst"]
python = { version = "3.12", source = "host", keep = ["tests"], exclude = ["a/**"], strip = true }
dependencies = { groups = [], extras = [] }
check = { import = true, env = { A = "b" }, config = { "http.port" = 1 } }
oci = { base = "base" }

[assets]
run = [["npm", "ci"]]
cwd = "assets"
inputs = ["assets/**"]
outputs = { "dist" = "app/static" }
digest = true

[[overlays]]
copy = "a"
to = "b"
mode = "0755"

[[overlays]]
link = "a"
to = "c"

[services.web]
app = "shop.web:app"
server = "uvicorn"
options = { workers = 1 }
listen = ["127.0.0.1:8000", "unix:web.sock"]
instances = 2
restart = "always"
drain = "20s"
ready = "notify"
ready_timeout = "1m"
env = { A = "b" }
cwd = "/"
backoff = [1, 2.5]
intensity = [3, 30]
required = false

[services.job]
run = "shop.job:main"

[services.tool]
exec = ["true", "x"]
ready = "started"

[config]
strict = true
export = { DATABASE_URL = "db.url" }
providers = [{ use = "toml", path = "/etc/a.toml" }, { use = "env", prefix = "A_" }]

[config.schema]
"http.port" = { type = "int", default = 8000, doc = "d" }
"db.url" = { type = "url", required = true, secret = true }

[commands.migrate]
call = "shop.ops:migrate"
help = "migrate"
"""

_EXAMPLE = tomli.loads(WHOLE)


def _words(value: Any) -> set[str]:
    """Every key and text of a value."""
    if isinstance(value, dict):
        return set(value).union(*map(_words, value.values()))
    if isinstance(value, list):
        return set().union(*map(_words, value))
    return {value} if isinstance(value, str) else set()


WORDS = sorted(_words(_EXAMPLE))
TEXTS = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(["", ".", "..", "/", "../x", "a/../../b", "a\nb", "${a.b}", "${", "1e9s", "½"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)
SCALARS = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.datetimes(),
    st.dates(),
    st.times(),
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXTS, below, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(TEXTS, VALUES, max_size=5)


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """Valid settings of which one to three places hold something else."""
    table: dict[str, Any] = tomli.loads(WHOLE)
    for _ in range(draw(st.integers(1, 3))):
        _damage(draw, table)
    return table


def _damage(draw: st.DrawFn, value: Any) -> None:
    """Go down some way, and change what is there."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    if not keys:
        return
    key = draw(st.sampled_from(keys))
    if isinstance(value[key], dict | list) and draw(st.integers(0, 3)):
        _damage(draw, value[key])
        return
    match draw(st.sampled_from(["replace", "remove", "rename"])):
        case "replace":
            value[key] = draw(VALUES)
        case "remove":
            del value[key]
        case "rename" if isinstance(value, dict):
            value[draw(TEXTS)] = value.pop(key)
