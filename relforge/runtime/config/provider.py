"""The protocol of providers, and what they give: a layer of settings.

A provider is a class, built without arguments:

    class Vault:
        TIMEOUT, RETRIES = 10.0, 2       # unless the settings say otherwise; optional

        def init(self, options):         # when the release is built; optional
            return {"path": options["path"]}    # plain data; ValueError says what is wrong

        def load(self, state, context):  # at every boot
            return Layer.of({"db": {"password": fetch(state["path"])}}, secret=True)

``load`` may also return a plain nested dict.  Its values must have the types
of the schema, unless the layer says ``text=True``: then they are read as
variables are.  What it raises is reported with its name; a Failure is final,
whatever else it raises is tried again where the settings have ``retries``.
"""

from __future__ import annotations

from . import keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, Protocol

    class Provider(Protocol):
        """What every provider has."""

        def init(self, options: dict[str, Any]) -> Any:
            """Plain state for `load`; raises ValueError (BadOptions) when the release is built."""

        def load(self, state: Any, context: Context) -> Layer:
            """The settings, at boot; any exception is reported with its provider."""

        def ways(self, state: Any, key: str) -> list[str]:
            """How an operator sets ``key`` through this provider, for error messages."""


class BadOptions(ValueError):
    """Options that a provider cannot use: (option, message) for each."""

    def __init__(self, rows: list[tuple[str, str]]) -> None:
        super().__init__(
            "; ".join(f"{name}: {message}" if name else message for name, message in rows)
        )
        self.rows = rows


class Failure(Exception):
    """Something at boot that the operator can fix; the message names the place."""

    def __init__(self, *messages: str) -> None:
        super().__init__("\n".join(messages))
        self.messages = messages


class Unavailable(Failure):
    """A Failure that may pass: a server that does not answer, a program that failed.

    With ``retries`` the provider is asked once more.
    """


class Setting:
    """One value for one key, from one place."""

    def __init__(
        self, path: tuple[str, ...], value: Any, place: str, *, text: bool, secret: bool
    ) -> None:
        self.path = path
        self.value = value
        self.given: Any = None  # the value before its references were put in, if it has some
        self.place = place  # `/etc/x.toml:7`, `$PORT`
        self.loose = False  # by a prefix that others may use, too: an unknown key is a note
        self.text = text  # a text that the schema types
        self.secret = secret
        self.provider = ""


class Layer:
    """What one provider gives, in order: of two settings for a key the later wins."""

    def __init__(self) -> None:
        self.settings: list[Setting] = []
        self.errors: list[str] = []  # what could not be read, beside what could

    @classmethod
    def of(
        cls,
        values: Mapping[str, Any],
        *,
        place: str = "",
        places: Mapping[str, str] | None = None,
        text: bool = False,
        secret: bool = False,
    ) -> Layer:
        """The settings of nested tables; ``places`` has the place of single dotted keys."""
        layer = cls()
        for path, value in keys.leaves(values):
            where = (places or {}).get(keys.show(path), place)
            layer.settings.append(Setting(path, value, where, text=text, secret=secret))
        return layer

    @classmethod
    def placed(
        cls,
        values: Mapping[str, Any],
        place: Callable[[tuple[str, ...]], str],
        *,
        secret: bool = False,
    ) -> Layer:
        """The settings of nested tables, each at the place that its path has."""
        layer = cls()
        for path, value in keys.leaves(values):
            layer.settings.append(Setting(path, value, place(path), text=False, secret=secret))
        return layer

    def add(
        self,
        key: str | tuple[str, ...],
        value: Any,
        place: str = "",
        *,
        text: bool = False,
        secret: bool = False,
    ) -> None:
        """One more setting, by its dotted key or its path."""
        path = keys.split(key) if isinstance(key, str) else key
        self.settings.append(Setting(path, value, place, text=text, secret=secret))


class Context:
    """What a provider knows at boot."""

    def __init__(
        self,
        *,
        root: str,
        environ: dict[str, str],
        schema: dict[str, Any],
        values: dict[str, Any],
        timeout: float = 30.0,
    ) -> None:
        self.timeout = timeout  # seconds in which `load` must be done
        self.root = root  # of the release, or of the project
        self.environ = environ
        self.schema = schema
        self.values = values  # nested, of the providers before this one, not yet typed

    def get(self, key: str, default: Any = None) -> Any:
        """What the providers before this one say about a dotted key."""
        value = keys.lookup(self.values, key)
        return default if value is keys.MISSING else value

    def path(self, text: str, *, optional: bool = False) -> str | None:
        """A path of the settings: ``${VAR}`` replaced, relative to the release.

        None where a variable is not set and the path is optional; raises Failure
        where it is not optional, or where the variable is set but empty.
        """
        joined = self.expand(text, optional=optional)
        return joined if joined is None or joined.startswith("/") else f"{self.root}/{joined}"

    def expand(self, text: str, *, optional: bool = False) -> str | None:
        """The text with each ``${VAR}`` replaced by the variable; otherwise as `path`.

        None for a variable that is not set, where ``optional``; else raises Failure for it, as
        for an empty one.
        """
        parts, rest = [], text
        while "${" in rest:
            before, _, rest = rest.partition("${")
            name, _, rest = rest.partition("}")
            value = self.environ.get(name)
            if value is None and optional:
                return None
            if not value:
                state = "not set" if value is None else "set but empty"
                raise Failure(f"{text}: the variable {name} is {state}")
            parts += [before, value]
        return "".join(parts) + rest


def read_options(
    options: dict[str, Any], known: dict[str, tuple[type, Any]], needs: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The options with defaults filled in; raises BadOptions with every error.

    ``known`` has the type and the default of each; ``map`` is of names to keys.
    """
    errors = []
    for name, value in options.items():
        if name not in known:
            rest = (
                f"; the options are {', '.join(sorted(known))}" if known else "; it has no options"
            )
            errors.append((name, f"unknown option{keys.nearest(name, known) or rest}"))
        elif not isinstance(value, (int, float) if known[name][0] is float else known[name][0]):
            kind = {"dict": "table"}.get(known[name][0].__name__, known[name][0].__name__)
            errors.append((name, f"expected {kind}, got {type(value).__name__}"))
        elif name == "map" and isinstance(value, dict):
            errors += [
                (f"{name}.{entry}", "expected the name of a key, such as db.url")
                for entry, key in value.items()
                if not isinstance(key, str) or not all(key.split("."))
            ]
    errors += [(name, "missing") for name in needs if name not in options]
    if "path" in known and not errors and "path" in options:
        errors += [("path", message) for message in _path_errors(options["path"])]
    if errors:
        raise BadOptions(errors)
    return {name: options.get(name, default) for name, (_, default) in known.items()}


def _path_errors(text: str) -> list[str]:
    if not text:
        return ["empty"]
    if text.startswith("~"):
        return [
            "~ is not expanded: a service has no home directory; write ${HOME}, or the whole path"
        ]
    for part in text.split("${")[1:]:
        name, brace, _ = part.partition("}")
        if not brace or not name.replace("_", "a").isalnum():
            return [f"{text!r} has a ${{ without a name and a }}"]
    return []
