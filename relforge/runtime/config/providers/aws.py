"""Parameters and secrets of AWS, by the application's own boto3.

``{ use = "aws-ssm", path = "/shop/prod" }`` and ``{ use = "aws-secrets", name = "shop/db" }``.
Credentials, region and endpoint come from where boto3 finds them: variables, a
profile, the role of the host.
"""

from __future__ import annotations

from .. import fields, keys
from ..libraries import check, need
from ..names import KeyNames
from ..provider import BadOptions, Failure, Layer, Unavailable, read_options
from .json_file import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from ..provider import Context

    T = TypeVar("T")

LIBRARY = ("boto3", "boto3", "a provider of AWS")
_WHERE: dict[str, tuple[type, Any]] = {
    "region": (str, ""),
    "endpoint": (str, ""),
    "optional": (bool, False),
}
_MISSING = ("ParameterNotFound", "ResourceNotFoundException")
_AT_ONCE = 10  # names in one GetParameters


class Parameters:
    """SSM's Parameter Store: all below a path, and single ones that a map names."""

    TIMEOUT, RETRIES = 10.0, 2

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``path``, ``map`` of whole names to keys, ``region``, ``endpoint``,
        ``optional``."""
        known: dict[str, tuple[type, Any]] = {"path": (str, ""), "map": (dict, {}), **_WHERE}
        state = read_options(options, known)
        if not state["path"] and not state["map"]:
            raise BadOptions([("", "give a path, a map, or both")])
        if state["path"] and not state["path"].startswith(("/", "${")):
            raise BadOptions([("path", "a path of parameters starts with /")])
        check(*LIBRARY)
        return state

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """Texts; secret are SecureStrings, and what the schema says."""
        path = context.expand(state["path"], optional=state["optional"])
        if path is None:
            return Layer()
        client = _client("ssm", state, context)
        layer = Layer()
        if path:
            rows = _asked(path, lambda: _below(client, path))
            if not rows and not state["optional"]:
                layer.errors.append(f"no parameter below {path}")
            names, head = KeyNames(context.schema), path.rstrip("/") + "/"
            for row in rows:
                _add(layer, names.path(row["Name"][len(head) :].split("/")), row)
        for at in range(0, len(state["map"]), _AT_ONCE):
            answer = _named(client, list(state["map"])[at : at + _AT_ONCE])
            for row in answer["Parameters"]:
                _add(layer, keys.split(state["map"][row["Name"]]), row)
            if not state["optional"]:
                layer.errors += [f"no parameter {name}" for name in answer["InvalidParameters"]]
        return layer

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        found = [f"the parameter {name}" for name, target in state["map"].items() if target == key]
        if state["path"]:
            found.append(f"the parameter {state['path'].rstrip('/')}/{key.replace('.', '/')}")
        return found


class Secrets:
    """One secret of Secrets Manager: its fields, or the whole text for one key."""

    TIMEOUT, RETRIES = 10.0, 2

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``name`` (or ARN), ``key``, ``map``, ``under``, ``region``, ``endpoint``,
        ``optional``."""
        known: dict[str, tuple[type, Any]] = {
            "name": (str, None),
            "key": (str, ""),
            **_WHERE,
            **fields.OPTIONS,
        }
        state = read_options(options, known, ("name",))
        fields.check(state)
        if state["key"] and (state["map"] or state["under"]):
            raise BadOptions([("key", "it gets the whole secret: remove `map` and `under`")])
        check(*LIBRARY)
        return state

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """The current version of the secret."""
        name = context.expand(state["name"], optional=state["optional"])
        if name is None:
            return Layer()
        client = _client("secretsmanager", state, context)
        try:
            answer = _asked(name, lambda: client.get_secret_value(SecretId=name))
        except _NotThere:
            if state["optional"]:
                return Layer()
            raise Failure(f"no secret {name}") from None
        text = answer.get("SecretString")
        if text is None:
            raise Failure(f"{name}: the secret is binary, expected a string")
        if state["key"]:
            layer = Layer()
            layer.add(state["key"], text, name, text=True, secret=True)
            return layer
        try:
            values = parse(name, text)
        except Failure:
            raise Failure(
                f"{name}: the secret is not a JSON object; set the key that gets all of it: "
                'key = "db.password"'
            ) from None
        return fields.layer(values, state, context, name)

    def ways(self, state: dict[str, Any], key: str) -> list[str]:
        if state["key"]:
            return [f"the secret {state['name']}"] if key == state["key"] else []
        return fields.ways(state, key, f"the secret {state['name']}")


class _NotThere(Failure):
    pass


def _client(service: str, state: dict[str, Any], context: Context) -> Any:
    boto3 = need(*LIBRARY)
    botocore = need("botocore.config", "botocore", "boto3")
    region = (
        context.expand(state["region"])
        or context.environ.get("AWS_REGION")
        or context.environ.get("AWS_DEFAULT_REGION")
    )
    # Trying again is our own affair: the process that waits knows its pauses.
    config = botocore.Config(
        connect_timeout=context.timeout,
        read_timeout=context.timeout,
        retries={"total_max_attempts": 1},
    )
    return _asked(
        service,
        lambda: boto3.session.Session(region_name=region or None).client(
            service, endpoint_url=context.expand(state["endpoint"]) or None, config=config
        ),
    )


def _below(client: Any, path: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("get_parameters_by_path").paginate(
        Path=path, Recursive=True, WithDecryption=True
    )
    return [row for page in pages for row in page["Parameters"]]


def _named(client: Any, names: list[str]) -> dict[str, Any]:
    answer: dict[str, Any] = _asked(
        ", ".join(names), lambda: client.get_parameters(Names=names, WithDecryption=True)
    )
    return answer


def _add(layer: Layer, key: tuple[str, ...], row: dict[str, Any]) -> None:
    secret = row["Type"] == "SecureString"
    layer.add(key, row["Value"], row["Name"], text=True, secret=secret)


def _asked(what: str, ask: Callable[[], T]) -> T:
    """The answer of AWS; raises _NotThere, Failure for a refusal, Unavailable for what may pass."""
    errors = need("botocore.exceptions", "botocore", "boto3")
    try:
        return ask()
    except errors.ClientError as error:
        row = error.response.get("Error", {})
        code, status = row.get("Code", "?"), _status(error)
        message = f"{what}: AWS answers {code}: {row.get('Message', '')}".rstrip(": ")
        if code in _MISSING:
            raise _NotThere(message) from None
        passing = status >= 500 or "Thrott" in code or "TooManyRequests" in code
        raise (Unavailable if passing else Failure)(message) from None
    except (errors.HTTPClientError, errors.ConnectionError) as error:
        raise Unavailable(f"{what}: {error}") from None
    except errors.BotoCoreError as error:  # no credentials, no region, a profile that is not there
        raise Failure(f"{what}: {error}") from None


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
