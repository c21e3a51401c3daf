"""The configuration of a release: providers run at every boot, nothing is kept on disk.

keys.py secret.py         names of keys; what is never printed
sound.py                  values that nobody can use
kinds.py schema.py        the types a schema knows; a schema's own errors
provider.py providers/    the protocol, and the built-in providers
attempt.py printed.py     how long a provider may take, how often it is asked; what a program prints
libraries.py fields.py    what remote stores need of the application; their fields as settings
merge.py resolve.py       layers become one configuration, with the origin of each key
loader.py loading.py      the child that runs the providers; the parent's side of it
build.py                  what the builder asks of the providers
view.py outside.py        what the application sees; the same outside a release
"""
