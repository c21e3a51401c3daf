"""The tree of a release: listing it, changing its draft, compiling it, running its Python;
and archives laid out as trees.
"""
