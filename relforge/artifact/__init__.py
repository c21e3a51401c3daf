"""Artifacts that were made before: what is in them, and whether they are what they say.

contents    reads a tarball or an unpacked tree, whole, in one way
verify      what is wrong with it
summary     what is in it
difference  what two of them do not share
"""
