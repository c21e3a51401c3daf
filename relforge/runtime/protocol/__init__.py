"""Every message between the processes of a release, once: how it is made, and how it is read.

    agent        console, `rpc`, `top` and others -> the agent of a service's process
    request      an evaluation, as the agent reads it
    answers      the agent -> its clients
    supervisor   the control commands <-> the supervisor
    startup      what is said while something starts: by the loader, a release, a supervisor
    roles        the words by which a supervisor has a release do something for it
    questions    the supervisor -> the short-lived processes that it starts

A message is a JSON object.  During an upgrade two versions of relforge talk to
each other, so a field that is new may be missing, and one that is unknown is
left alone; what cannot be said that way is another PROTO.
"""

from __future__ import annotations

PROTO = 1  # of agents: both ends say it, and speak no other
