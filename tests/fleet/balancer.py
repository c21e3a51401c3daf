"""HAProxy in front of the web hosts, as docs/how-to/behind-a-proxy.md sets it up."""

from __future__ import annotations

from tests.fleet.testbed import Testbed

PORT = 80
_CONFIG = """\
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
    log /dev/log local0

defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s

frontend public
    bind :{port}
    default_backend shop

backend shop
    option httpchk GET /readyz
    default-server check inter 500ms fall 2 rise 1
{servers}
"""


def serve(testbed: Testbed) -> None:
    """Have the load balancer send requests to each web host that says it is ready."""
    rows = [f"    server {name} {testbed.addresses[name]}:8000" for name in testbed.webs]
    lb = testbed.hosts["lb"]
    lb.write("/etc/haproxy/haproxy.cfg", _CONFIG.format(port=PORT, servers="\n".join(rows)))
    lb.ok("systemctl", "restart", "haproxy")
