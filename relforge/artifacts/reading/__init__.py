"""Artifacts that were made before: what is in them, and whether they are what they say.

found       values: all that a release holds
contents    reads an artifact of any format, or an unpacked tree, whole, in one way
  members     a tar stream: what is below the release's directory, and what does not
  run  deb  image  tarball    where these formats keep their tar streams, and what else they hold
  packed      about how much of an artifact each part takes
verify      what is wrong with it
summary     what is in it
difference  what two of them do not share
"""
