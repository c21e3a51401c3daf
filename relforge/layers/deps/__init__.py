"""The dependencies of a release: from a lock with hashes to files in site-packages.

find, check    which lock there is, and whether it fits the project (no network)
step           the layer ``deps``: wheels from the store, laid out and compiled
lock.write     what ``relforge lock`` does

pylock.toml, requirements.lock -> Lock -> pins of the target -> wheels in the store -> tree
"""
