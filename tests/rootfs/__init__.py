"""Releases in root file systems that hold no Python."""
