"""Providers run, one after the other, and become one configuration."""

from __future__ import annotations

import datetime

from . import keys, kinds, problems, providers
from .export import environment
from .merge import Merged
from .provider import BadOptions, Context, Failure, Layer
from .providers.toml_file import parse, read_text
from .secret import Scrubber, display

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from .provider import Setting

    Path = tuple[str, ...]

# The one more file of an operator, over all providers.
OVERLAY = "RELEASE_CONFIG"


class Outcome:
    """The configuration, or what is wrong with it; both where something can be shown."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.secrets: list[str] = []
        self.origins: dict[str, list[list[str]]] = {}
        self.environ: dict[str, str] = {}
        self.problems: list[dict[str, str]] = []
        self.rows: list[dict[str, Any]] = []  # for `config explain`, masked


def resolve(
    config: dict[str, Any],
    *,
    root: str,
    environ: dict[str, str],
    entering: Callable[[str], None] = lambda name: None,
    over: Mapping[str, Any] | None = None,
) -> Outcome:
    """Run the manifest's ``config`` for this environment; never raises for the operator's errors.

    ``entering`` is told the name of each provider before it runs; the values
    of ``over``, with nested or dotted keys, beat all providers.
    """
    environ = {name: value for name, value in environ.items() if not name.startswith("RELFORGE_")}
    return _Resolution(config, root, environ, entering).outcome(over or {})


class _Resolution:
    def __init__(
        self,
        config: dict[str, Any],
        root: str,
        environ: dict[str, str],
        entering: Callable[[str], None],
    ) -> None:
        self.schema: dict[str, Any] = config.get("schema", {})
        self.export: dict[str, str] = config.get("export", {})
        self.strict: bool = config.get("strict", True)
        rows: list[dict[str, Any]] = list(config.get("providers", []))
        if not any(row["use"] == "defaults" for row in rows):
            rows.insert(0, {"use": "defaults", "options": {}, "state": {}})
        self.rows = rows
        self.root = root
        self.environ = environ
        self.entering = entering
        self.merged = Merged(self.schema)
        self.found: list[dict[str, str]] = []
        self.scrubber = Scrubber(environ)
        self.bad: set[Path] = set()

    def outcome(self, over: Mapping[str, Any]) -> Outcome:
        for row in self.rows:
            self._run(row)
        self._overlay()
        layer = Layer()
        for key, value in over.items():
            for path, item in keys.leaves({key: value}):
                layer.add((*keys.split(path[0]), *path[1:]), item)
        self._lay("given", layer)
        outcome = Outcome()
        outcome.values = self._validate()
        for stack_path, stack in self.merged.stacks.items():
            key = keys.show(stack_path)
            outcome.origins[key] = [[row.provider, row.place] for row in reversed(stack)]
            if self._is_secret(stack_path):
                outcome.secrets.append(key)
        outcome.secrets.sort()
        outcome.environ = environment(self.export, outcome.values)
        outcome.rows = self._explain(outcome.values)
        for problem in self.found:
            if problem["message"].startswith("raised ") or not problem["key"]:
                problem["message"] = self.scrubber.clean(problem["message"])
            problem["trace"] = self.scrubber.clean(problem["trace"])
        outcome.problems = self.found
        return outcome

    # providers

    def _run(self, row: dict[str, Any]) -> None:
        use = row["use"]
        self.entering(use)
        context = Context(
            root=self.root,
            environ=dict(self.environ),
            schema=self.schema,
            values=self.merged.values(),
        )
        try:
            layer: Any = providers.find(use).load(row.get("state"), context)
            if isinstance(layer, dict):
                layer = Layer.of(layer)
            if not isinstance(layer, Layer):
                raise Failure(f"load() gave {type(layer).__name__}, expected a Layer or a dict")
        except Failure as error:
            self._fail(use, error.messages)
        except BadOptions as error:
            self._fail(use, (str(error),))
        except BaseException as error:  # SystemExit too: a provider must not end the loader
            if isinstance(error, KeyboardInterrupt):
                raise
            self._crash(use, error)
        else:
            self._lay(use, layer)

    def _overlay(self) -> None:
        path = self.environ.get(OVERLAY)
        if path is None:
            return
        self.entering(OVERLAY)
        if not path:
            self._fail(OVERLAY, ("the variable is set and empty",))
            return
        try:
            self._lay(OVERLAY, parse(path, read_text(path, optional=False) or ""))
        except Failure as error:
            self._fail(OVERLAY, error.messages)

    def _lay(self, use: str, layer: Layer) -> None:
        self._fail(use, layer.errors)
        for setting in layer.settings:
            setting.provider = use
            if setting.text and not isinstance(setting.value, str):
                setting.text = False
            if self._secret(setting.path, setting):
                self.scrubber.add(setting.value)
            if not self._fits(setting):
                continue
            try:
                self.merged.push(setting)
            except kinds.Mismatch as mismatch:
                self.bad.add(setting.path)
                self._mismatch(setting, {"type": "table"}, str(mismatch))

    def _fail(self, use: str, messages: Any) -> None:
        self.found += [problems.row(message, provider=use) for message in messages]

    def _crash(self, use: str, error: BaseException) -> None:
        from .trace import of_user

        name = type(error).__name__
        trace = of_user(error) if self.environ.get("RELEASE_DEBUG", "0") not in ("", "0") else ""
        message = f"raised {name}: {error}" if str(error) else f"raised {name}"
        self.found.append(problems.row(message, provider=use, trace=trace))

    # secrets

    def _row(self, path: Path) -> dict[str, Any] | None:
        """The row of the schema that is about a path: its own, or that of a table around it."""
        for size in range(len(path), 0, -1):
            row: dict[str, Any] | None = self.schema.get(".".join(path[:size]))
            if row is not None and (size == len(path) or row.get("type") == "table"):
                return row
        return None

    def _secret(self, path: Path, setting: Setting) -> bool:
        return bool((self._row(path) or {}).get("secret", setting.secret))

    def _is_secret(self, path: Path) -> bool:
        return any(self._secret(path, setting) for setting in self.merged.stacks[path])

    # validation

    def _fits(self, setting: Setting) -> bool:
        """Whether the schema has a place for a setting; says so where it has not.

        A beaten setting must fit as well: a misspelt key is a mistake anywhere.
        """
        path = setting.path
        if not self.schema or self._row(path) is not None:
            return True
        for size in range(1, len(path)):
            row = self.schema.get(".".join(path[:size]))
            if row is not None:
                self.bad.add(path[:size])
                message = f"expected {kinds.expected(row)}, got table"
                self._wrong(keys.show(path[:size]), message, setting)
                return False
        inside = [key for key in self.schema if keys.split(key)[: len(path)] == path]
        if inside:
            if setting.value != {}:
                names = ", ".join(key[len(".".join(path)) + 1 :] for key in inside)
                got = kinds.name_of(setting.value)
                self._wrong(keys.show(path), f"expected a table (of {names}), got {got}", setting)
            return False
        if self.strict:
            near = keys.nearest(".".join(path), self.schema)
            self._wrong(keys.show(path), f"unknown key{near}", setting)
        return not self.strict

    def _validate(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, row in self.schema.items():
            path = keys.split(key)
            if path in self.merged.stacks:
                self._value(values, path, row)
            elif row.get("required") and not self.merged.below(path) and path not in self.bad:
                self._missing(key, row)
        for path, stack in self.merged.stacks.items():
            if ".".join(path) not in self.schema:
                keys.put(values, path, _plain(stack[-1].value))
        return values

    def _value(self, values: dict[str, Any], path: Path, row: dict[str, Any]) -> None:
        setting = self.merged.stacks[path][-1]
        try:
            read = kinds.text if setting.text else kinds.typed
            keys.put(values, path, _plain(read(setting.value, row)))
        except kinds.Mismatch as mismatch:
            self._mismatch(setting, row, str(mismatch))

    def _mismatch(self, setting: Setting, row: dict[str, Any], reason: str) -> None:
        wanted = f"expected {kinds.expected(row)}"
        if reason.startswith("it is set and"):
            message = f"{wanted}, but {reason}"
        else:
            secret = self._secret(setting.path, setting)
            got = kinds.name_of(setting.value)
            if setting.text:
                shown = "a value that is secret" if secret else display(setting.value)
            elif secret or isinstance(setting.value, (dict, list)) or setting.value is None:
                shown = f"{got} (secret)" if secret else got
            else:
                shown = f"{got} {display(setting.value)}"
            message = f"{wanted}, got {shown}" + (f": {reason}" if reason else "")
        self._wrong(keys.show(setting.path), message, setting)

    def _wrong(self, key: str, message: str, setting: Setting) -> None:
        row = problems.row(message, key=key, provider=setting.provider, place=setting.place)
        same = ("key", "message", "provider")  # a wrong table is one mistake, not one a line
        if not any(all(row[name] == old[name] for name in same) for old in self.found):
            self.found.append(row)

    def _missing(self, key: str, row: dict[str, Any]) -> None:
        ways = self._ways(key)
        how = f"; set {' or '.join(ways)}" if ways else "; no provider can set it"
        doc = f" ({row['doc']})" if row.get("doc") else ""
        message = f"required and not set{doc}: expected {kinds.expected(row)}{how}"
        self.found.append(problems.row(message, key=key))

    def _ways(self, key: str) -> list[str]:
        found: list[str] = []
        for row in self.rows:
            try:
                ways = getattr(providers.find(row["use"]), "ways", None)
                found += [] if ways is None else ways(row.get("state"), key)
            except Exception:  # has been reported where it ran
                continue
        return found

    # explanation

    def _explain(self, values: dict[str, Any]) -> list[dict[str, Any]]:
        paths = {*self.merged.stacks, *(keys.split(key) for key in self.schema)}
        paths -= {path for path in paths if path not in self.merged.stacks and self._under(path)}
        return [self._explained(path, values) for path in sorted(paths)]

    def _under(self, path: Path) -> bool:
        return bool(self.merged.below(path))

    def _explained(self, path: Path, values: dict[str, Any]) -> dict[str, Any]:
        row = self._row(path) or {}
        stack = self.merged.stacks.get(path, [])
        secret = self._is_secret(path) if stack else bool(row.get("secret"))
        key = keys.show(path)
        value = values
        for name in path:
            value = value.get(name, keys.MISSING) if isinstance(value, dict) else keys.MISSING
        if value is keys.MISSING and stack:
            value = _plain(stack[-1].value)
        return {
            "key": key,
            "set": bool(stack),
            "value": display(value, secret=secret) if stack else "",
            "type": row.get("type", "") if key in self.schema else "",
            "secret": secret,
            "doc": row.get("doc", "") if key in self.schema else "",
            "origins": [
                {
                    "provider": setting.provider,
                    "place": setting.place,
                    "value": display(_plain(setting.value), secret=secret),
                }
                for setting in reversed(stack)
            ],
            "ways": self._ways(key) if not stack else [],
        }


def _plain(value: Any) -> Any:
    """The value as JSON can carry it: TOML's dates become their ISO texts."""
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value
