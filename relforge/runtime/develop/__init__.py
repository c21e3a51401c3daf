"""What a release runs, run from the sources: `relforge run`.  Not a part of releases."""
