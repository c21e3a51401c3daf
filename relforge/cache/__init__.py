"""The cache: what was made once is there for every build after it.

$XDG_CACHE_HOME/relforge/
  trees/    see `relforge.cache.trees`
  locks/    see `relforge.cache.locks`
  ...       whatever other modules keep, in directories of their own
"""

from relforge.cache.entries import dump, is_file_of, is_same, load, look, scan, special, walk
from relforge.cache.files import appear, drafts, keep, naming, write
from relforge.cache.keys import digest, home, key, sha256
from relforge.cache.locks import alone, in_use, lock, touch
from relforge.cache.placing import place
from relforge.cache.trees import Tree, find, layer, state, tree

__all__ = [
    "Tree",
    "alone",
    "appear",
    "digest",
    "drafts",
    "dump",
    "find",
    "home",
    "in_use",
    "is_file_of",
    "is_same",
    "keep",
    "key",
    "layer",
    "load",
    "lock",
    "look",
    "naming",
    "place",
    "scan",
    "sha256",
    "special",
    "state",
    "touch",
    "tree",
    "walk",
    "write",
]
