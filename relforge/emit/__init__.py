"""Files for the programs around a release: proxies, containers, schedulers, CI.

deployment.py   what the settings say about running the release, as one value
targets.py      the table of targets: the templates of each, and the next commands
render.py       a target's files, as texts
quoting.py      one word in the syntax of each program
"""
