"""``{ use = "vault", path = "shop/db", under = "db" }``: a secret of Vault's KV engine, version 2.

By the application's own hvac.  ``address`` is ``${VAULT_ADDR}`` unless it says
otherwise; ``auth`` says who asks:

    { method = "token", token_file = "/run/vault/token" }     or token = "${VAULT_TOKEN}"
    { method = "approle", role_id = "${VAULT_ROLE_ID}", secret_id_file = "/run/vault/secret-id" }
    { method = "kubernetes", role = "shop" }
"""

from __future__ import annotations

from .. import fields
from ..libraries import check, need
from ..provider import BadOptions, Failure, Layer, Unavailable, read_options
from .documents import read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context

LIBRARY = ("hvac", "hvac", 'the provider "vault"')
SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"
# method: the options that it needs, and those it may have
METHODS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "token": ((), ("token", "token_file")),
    "approle": (("role_id",), ("secret_id", "secret_id_file", "mount")),
    "kubernetes": (("role",), ("jwt_file", "mount")),
}
_SECRET = ("token", "secret_id")


class Vault:
    """The fields of one secret; nothing of it is kept."""

    TIMEOUT, RETRIES = 10.0, 2

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``path``, ``mount``, ``version``, ``address``, ``namespace``, ``ca``, ``auth``,
        ``map``, ``under``, ``optional``."""
        known: dict[str, tuple[type, Any]] = {
            "path": (str, None),
            "mount": (str, "secret"),
            "version": (int, 0),
            "address": (str, "${VAULT_ADDR}"),
            "namespace": (str, ""),
            "ca": (str, ""),
            "auth": (dict, {}),
            "optional": (bool, False),
            **fields.OPTIONS,
        }
        state = read_options(options, known, ("path",))
        fields.check(state)
        state["auth"] = _auth(state["auth"])
        check(*LIBRARY)
        return state

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """The secret's fields; of an optional one only that it is missing is passed over."""
        hvac = need(*LIBRARY)
        requests = need("requests", "requests", "hvac")
        address = context.expand(state["address"], optional=state["optional"])
        if address is None:
            return Layer()
        where = f"{state['mount'].strip('/')}/{state['path'].strip('/')}"
        client = hvac.Client(
            url=address,
            timeout=context.timeout,
            namespace=context.expand(state["namespace"]) or None,
            verify=context.path(state["ca"]) if state["ca"] else None,
        )
        try:
            _log_in(client, state["auth"], context)
            answer = client.secrets.kv.v2.read_secret_version(
                path=state["path"],
                version=state["version"] or None,
                mount_point=state["mount"],
                raise_on_deleted_version=True,
            )
        except hvac.exceptions.InvalidPath:
            if state["optional"]:
                return Layer()
            raise Failure(f"{address}: no secret {where}") from None
        except hvac.exceptions.VaultError as error:
            raise _failure(error, hvac.exceptions, f"{address}: {where}") from None
        except requests.exceptions.RequestException as error:
            late = isinstance(error, requests.exceptions.Timeout)
            reason = f"no answer within {context.timeout:g} s" if late else _reason(error)
            raise Unavailable(f"{address}: {reason}") from None
        values = _data(answer)
        if values is None:
            raise Unavailable(f"{address}: {where}: the server is not Vault")
        return fields.layer(values, state, context, where)

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        return fields.ways(state, key, f"{state['mount']}/{state['path']} in Vault")


def _auth(given: dict[str, Any]) -> dict[str, str]:
    """The table ``auth``, with its method; secrets must be named, never written there."""
    method = given.get("method", "token")
    if method not in METHODS:
        raise BadOptions([("auth.method", f"{method!r} is none of {', '.join(METHODS)}")])
    needs, may = METHODS[method]
    errors = []
    for name, value in given.items():
        if name != "method" and name not in (*needs, *may):
            rows = ", ".join((*needs, *may))
            errors.append((f"auth.{name}", f"unknown option; those of {method} are {rows}"))
        elif not isinstance(value, str):
            errors.append((f"auth.{name}", f"expected str, got {type(value).__name__}"))
        elif name in _SECRET and not value.startswith("${"):
            message = "a secret would be in the artifact: name a variable, such as ${VAULT_TOKEN}"
            errors.append((f"auth.{name}", message))
    errors += [(f"auth.{name}", "missing") for name in needs if name not in given]
    if errors:
        raise BadOptions(errors)
    return {"method": method, **given}


def _log_in(client: Any, auth: dict[str, str], context: Context) -> None:
    if auth["method"] == "token":
        client.token = _secret(auth, "token", "${VAULT_TOKEN}", context)
    elif auth["method"] == "approle":
        client.auth.approle.login(
            role_id=context.expand(auth["role_id"]),
            secret_id=_secret(auth, "secret_id", "${VAULT_SECRET_ID}", context),
            mount_point=auth.get("mount", "approle"),
        )
    else:
        client.auth.kubernetes.login(
            role=context.expand(auth["role"]),
            jwt=_read(auth.get("jwt_file", SERVICE_ACCOUNT), context),
            mount_point=auth.get("mount", "kubernetes"),
        )


def _secret(auth: dict[str, str], name: str, default: str, context: Context) -> str:
    if f"{name}_file" in auth:
        return _read(auth[f"{name}_file"], context)
    return context.expand(auth.get(name, default)) or ""


def _read(path: str, context: Context) -> str:
    return (read_text(context.path(path) or "", optional=False) or "").strip()


def _failure(error: Any, kinds: Any, where: str) -> Failure:
    """Vault's answer: what it refuses is final, what it cannot do now may pass."""
    reason = ", ".join(map(str, error.errors or ())) or "no reason given"
    for kind, words in (
        (kinds.Forbidden, "Vault does not allow it (403)"),
        (kinds.Unauthorized, "Vault rejects the credentials (401)"),
        (kinds.InvalidRequest, "Vault refuses the request (400)"),
    ):
        if isinstance(error, kind):
            return Failure(f"{where}: {words}: {reason}")
    return Unavailable(f"{where}: Vault answers {type(error).__name__}: {reason}")


def _reason(error: BaseException) -> str:
    """Why a request has no answer: the operating system's words where it has some."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return f"no answer ({type(error).__name__})"


def _data(answer: Any) -> dict[str, Any] | None:
    try:
        values = answer["data"]["data"]
    except (KeyError, TypeError):
        return None
    return values if isinstance(values, dict) else None
