"""What goes into a release: a module or a package for each part."""
