"""The other nodes of a fleet: how they are found, and how one is asked.

identity.py     what this node is called
discovery.py    the strategies of `nodes.strategy`, as a table
srv.py          SRV records of DNS, which the C library does not look up
kubernetes.py   the addresses of a Kubernetes Service
remote.py       a command of the release on another node, by ssh or what `nodes.connect` names
"""
