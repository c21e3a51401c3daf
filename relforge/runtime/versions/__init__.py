"""Versions side by side in a deploy root: installed, switched between, removed.

    commands.versions -> install -> source, unpack, judge
                      -> switch
                      -> book (lock, journal, repair) -> place

A deploy root is ``/srv/shop``:

    releases/1.4.0/       a release, never written to
    releases/.relforge/   journal, lock, what is being unpacked or deleted
    current               a link to the release that `start` means
    allowed_signers       optional: who may sign what is installed
    var/                  the state of what runs
"""
