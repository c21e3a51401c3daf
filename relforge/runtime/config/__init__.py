"""The configuration of a release: providers run at every boot, nothing is kept on disk.

keys.py secret.py         names of keys; what is never printed
sound.py                  values that nobody can use
kinds.py schema.py        the types a schema knows; a schema's own errors
model.py model_schema.py  a pydantic model of the application's in the place of a schema
provider.py providers/    the protocol, and the built-in providers
attempt.py printed.py     how long a provider may take, how often it is asked; what a program prints
libraries.py fields.py    what remote stores need of the application; their fields as settings
lines.py json_lines.py    on which line a file sets each key
merge.py references.py    layers laid over one another; values that refer to others
judge.py resolve.py       what fits; layers become one configuration, with the origin of each key
explain.py problems.py    who set what, and whom that beat; what is wrong, all of it at once
loader.py loading.py      the child that runs the providers; the parent's side of it
build.py example.py       what the builder asks of the providers; a schema as a file to fill in
view.py outside.py        what the application sees; the same outside a release
changes.py renewal.py     what differs between two configurations; a new one in a process that runs
settings_source.py        the configuration as a source of pydantic-settings
"""
