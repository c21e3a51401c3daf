"""Providers run, one after the other, and become one configuration."""

from __future__ import annotations

from contextlib import suppress

from . import attempt, keys, kinds, problems, providers, references, sound
from .explain import explain
from .export import environment, key_of
from .judge import Judge
from .merge import Merged
from .provider import BadOptions, Context, Failure, Layer, Setting
from .providers.documents import read_text
from .providers.toml_file import parse
from .secret import Scrubber

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any


# The one more file of an operator, over all providers.
OVERLAY = "RELEASE_CONFIG"
_SHOWN = 8  # names of a path that is far too deep


class Resolved:
    """The configuration, or what is wrong with it; both where something can be shown."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.secrets: list[str] = []
        self.origins: dict[str, list[list[str]]] = {}
        self.environ: dict[str, str] = {}
        self.exported: dict[str, str] = {}  # the key of each variable of `environ`
        self.variables: dict[str, str] = {}  # environment variables, and the keys that they set
        self.unset: list[str] = []  # those of them that processes do not inherit
        self.problems: list[dict[str, str]] = []
        self.notes: list[str] = []  # of what names no key, and is left alone
        self.rows: list[dict[str, Any]] = []  # for `config explain`, masked


def resolve(
    config: dict[str, Any],
    *,
    root: str,
    environ: dict[str, str],
    entering: Callable[[str, float], None] | None = None,
    over: Mapping[str, Any] | None = None,
) -> Resolved:
    """Run the manifest's ``config`` for this environment; never raises for the operator's errors.

    ``entering`` gets the name of each provider before it runs, and within how
    many seconds it will be done: with it, this process is the loader's, and
    providers are stopped in time.  The values of ``over``, with nested or dotted
    keys, beat all providers.
    """
    environ = {name: value for name, value in environ.items() if not name.startswith("RELFORGE_")}
    return _Resolution(config, root, environ, entering).outcome(over or {})


def trial(config: dict[str, Any], *, root: str, values: Mapping[str, Any]) -> Resolved:
    """The configuration of a build: defaults, and these values; what is required may be missing."""
    rows = dict(config, providers=[], strict=False, model="")
    if config.get("model") and not config.get("schema"):
        from . import model

        # Whether it can be imported is reported when the providers are asked.
        with suppress(Exception):
            rows["schema"] = model.rows(model.find(config["model"]))
    return resolve(rows, root=root, environ={}, over=values)


class _Resolution:
    def __init__(
        self,
        config: dict[str, Any],
        root: str,
        environ: dict[str, str],
        entering: Callable[[str, float], None] | None,
    ) -> None:
        self.schema: dict[str, Any] = config.get("schema", {})
        self.model: str = config.get("model", "")
        self.export: dict[str, Any] = config.get("export", {})
        self.judge = Judge(self.schema, strict=config.get("strict", True))
        rows: list[dict[str, Any]] = list(config.get("providers", []))
        if not any(row["use"] == "defaults" for row in rows):
            rows.insert(0, {"use": "defaults", "options": {}, "state": {}})
        self.rows = rows
        self.root = root
        self.environ = environ
        self.entering = entering
        self.notes: list[tuple[str, str]] = []  # and the key that may have been meant
        # `path = "${SHOP_TOML}"`: such a variable is known, and is not a key.
        self.named = frozenset(name for row in rows for name in _named(row.get("state")))
        self.merged = Merged(self.schema)
        self.scrubber = Scrubber(environ)

    def outcome(self, over: Mapping[str, Any]) -> Resolved:
        for row in self.rows:
            self._run(row)
        self._overlay()
        layer = Layer()
        for key, value in over.items():
            for path, item in keys.leaves({key: value}):
                layer.add((*keys.split(path[0]), *path[1:]), item)
        self._lay("given", layer)
        references.fill(self.merged, self.judge)
        outcome = Resolved()
        outcome.values = self._values()
        for stack_path, stack in self.merged.stacks.items():
            key = keys.show(stack_path)
            outcome.origins[key] = [[row.provider, row.place] for row in reversed(stack)]
            if self.judge.is_secret(stack):
                outcome.secrets.append(key)
        outcome.secrets.sort()
        outcome.environ = environment(self.export, outcome.values)
        outcome.exported = {name: key_of(self.export[name]) for name in outcome.environ}
        outcome.variables = {
            name: key
            for key, rows in outcome.origins.items()
            for _, place in rows
            if (name := _variable(place))
        }
        if any(row["use"] == "env" and row["state"].get("unset_secrets") for row in self.rows):
            secret = {name for name, key in outcome.variables.items() if key in outcome.secrets}
            outcome.unset = sorted(secret)
        outcome.rows = explain(self.merged, self.judge, outcome.values, self._ways)
        for problem in self.judge.problems:
            foreign = self.model or problem["message"].startswith("raised ")
            if foreign or not problem["key"]:  # in words that are not ours
                problem["message"] = self.scrubber.clean(problem["message"])
            problem["trace"] = self.scrubber.clean(problem["trace"])
        outcome.problems = self.judge.problems
        outcome.notes = [
            f"{note}; did you mean {near}?" if near else note for note, near in self.notes
        ]
        for problem in outcome.problems:
            meant = [note for note, near in self.notes if near == problem["key"]]
            problem["message"] = "; ".join((problem["message"], *meant))
        return outcome

    def _values(self) -> dict[str, Any]:
        """The typed values, by the schema or by the application's model."""
        if not self.model:
            return self.judge.values(self.merged, self._ways)
        self._enter(self.model, attempt.TIMEOUT)
        terms = attempt.Terms(attempt.TIMEOUT, 0)
        from . import model

        try:
            values = attempt.repeat(
                terms,
                lambda: model.validate(model.find(self.model), self.merged, self.judge, self._ways),
                alarm=self.entering is not None,
            )
        except (Failure, ValueError) as error:
            self._fail(self.model, (str(error),))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            self._crash(self.model, error)
        else:
            for path, value in keys.leaves(values):
                if reason := sound.flaw(path, value):
                    self.judge.problems.append(problems.row(reason, key=keys.show(path)))
            return values
        return {}

    def _run(self, row: dict[str, Any]) -> None:
        use, terms = row["use"], attempt.of_row(row)
        self._enter(use, terms.longest())
        values = self.merged.values()

        def load() -> Any:
            context = Context(
                root=self.root,
                environ=dict(self.environ),
                schema=self.schema,
                values=values,
                timeout=terms.timeout,
            )
            return providers.find(use).load(row.get("state"), context)

        try:
            layer = attempt.repeat(terms, load, alarm=self.entering is not None)
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

    def _enter(self, use: str, seconds: float) -> None:
        if self.entering is not None:
            self.entering(use, seconds)

    def _overlay(self) -> None:
        path = self.environ.get(OVERLAY)
        if path is None:
            return
        self._enter(OVERLAY, attempt.TIMEOUT)
        if not path:
            self._fail(OVERLAY, ("the variable is set but empty",))
            return
        try:
            self._lay(OVERLAY, parse(path, read_text(path, optional=False) or ""))
        except Failure as error:
            self._fail(OVERLAY, error.messages)

    def _lay(self, use: str, layer: Layer) -> None:
        self._fail(use, layer.errors)
        for setting in layer.settings:
            setting.provider = use
            if setting.loose and not self.judge.knows(setting.path):
                self._pass_over(setting)
                continue
            reason = sound.flaw(setting.path, setting.value)
            if reason:
                key = keys.show(setting.path[:_SHOWN])
                row = problems.row(reason, key=key, provider=use, place=setting.place)
                self.judge.problems.append(row)
                continue
            if setting.text and not isinstance(setting.value, str):
                setting.text = False
            key = ".".join(setting.path)
            if key in self.schema:  # also for `"http.port" = 80`, quoted as the schema has it
                setting.path = keys.split(key)
            if self.judge.secret(setting):
                self.scrubber.add(setting.value)
            if not self.judge.fits(setting):
                continue
            try:
                self.merged.push(setting)
            except kinds.Mismatch as mismatch:
                self.judge.mismatch(setting, {"type": "table"}, str(mismatch))

    def _pass_over(self, setting: Setting) -> None:
        """One that may be the application's own, or of another's making."""
        if _variable(setting.place) in self.named:
            return
        few = len(self.notes) < problems.MOST
        near = keys.closest(".".join(setting.path), self.schema) if few else ""
        self.notes.append((f"{setting.place} names no key of the configuration", near))

    def _fail(self, use: str, messages: Any) -> None:
        self.judge.problems += [problems.row(message, provider=use) for message in messages]

    def _crash(self, use: str, error: BaseException) -> None:
        from .trace import of_user

        name = type(error).__name__
        trace = of_user(error) if self.environ.get("RELEASE_DEBUG", "0") not in ("", "0") else ""
        message = f"raised {name}: {error}" if str(error) else f"raised {name}"
        self.judge.problems.append(problems.row(message, provider=use, trace=trace))

    def _ways(self, key: str) -> list[str]:
        found: list[str] = []
        for row in self.rows:
            try:
                ways = getattr(providers.find(row["use"]), "ways", None)
                found += [] if ways is None else ways(row.get("state"), key)
            except Exception:  # has been reported where it ran
                continue
        return found


def _variable(place: str) -> str:
    """``X`` of ``$X`` and of ``$X /run/secrets/x``; "" for other places."""
    return place[1:].partition(" ")[0] if place.startswith("$") else ""


def _named(state: Any) -> Iterator[str]:
    """The variables that a provider's own options refer to."""
    if isinstance(state, str):
        yield from (part.partition("}")[0] for part in state.split("${")[1:])
    elif isinstance(state, list | dict):
        for row in state.values() if isinstance(state, dict) else state:
            yield from _named(row)
