"""The addresses behind a Kubernetes Service, as the API server knows them.

The pod's service account needs the verb `get` on `endpoints`
(https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_PATIENCE = 5.0
_MOST = 8 << 20  # bytes


def addresses(service: str, namespace: str = "", account: str = ACCOUNT) -> list[str]:
    """The addresses of the pods that are ready; raises OSError."""
    import http.client
    import json
    import ssl
    from urllib.parse import quote

    host = os.environ.get("KUBERNETES_SERVICE_HOST")
    port = os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        raise OSError("this is not a pod: KUBERNETES_SERVICE_HOST is not set")
    namespace = namespace or _read(account, "namespace")
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/endpoints/{quote(service, safe='')}"
    context = ssl.create_default_context(cafile=os.path.join(account, "ca.crt"))
    connection = http.client.HTTPSConnection(host, int(port), timeout=_PATIENCE, context=context)
    try:
        login = {"Authorization": f"Bearer {_read(account, 'token')}"}
        connection.request("GET", path, headers=login)
        answer = connection.getresponse()
        data = answer.read(_MOST)
    except http.client.HTTPException as error:
        raise OSError(f"the API server: {type(error).__name__}") from None
    finally:
        connection.close()
    if answer.status != 200:
        raise OSError(f"the API server says {answer.status} {answer.reason} for {path}")
    return sorted(_ready(json.loads(data)))


def _ready(found: dict[str, Any]) -> set[str]:
    try:
        subsets = found.get("subsets") or ()
        return {row["ip"] for subset in subsets for row in subset.get("addresses") or ()}
    except (AttributeError, KeyError, TypeError):
        raise OSError("the API server's answer has no addresses") from None


def _read(account: str, name: str) -> str:
    with open(os.path.join(account, name), encoding="utf-8") as file:
        return file.read().strip()
