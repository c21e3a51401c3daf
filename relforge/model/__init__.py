"""Values only: the settings, the release, the layout of a tree."""
