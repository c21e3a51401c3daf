"""``{ use = "yaml", path = "/etc/ticketd/config.yaml" }``, by the application's own PyYAML."""

from __future__ import annotations

from .. import keys
from ..libraries import check, need
from ..provider import Failure, Layer
from .documents import Document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..provider import Context

    Path = tuple[str, ...]

LIBRARY = ("yaml", "pyyaml", 'the provider "yaml"')
MAP, SEQUENCE = "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"
MERGE = "tag:yaml.org,2002:merge"
MOST = 100_000  # values: aliases of aliases make millions out of a few lines


class Yaml(Document):
    """A YAML file that holds one mapping; each key knows its line."""

    def init(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options: ``path``, ``optional``; PyYAML must be among the dependencies."""
        state = super().init(options)
        check(*LIBRARY)
        return state

    def load(self, state: dict[str, Any], context: Context) -> Layer:
        """The file's mapping; raises Failure with file and line."""
        found = self.read(state, context)
        return Layer() if found is None else parse(*found)


def parse(path: str, text: str) -> Layer:
    """The settings of a YAML text, read by the safe loader: no tag makes an object.

    Raises Failure.
    """
    yaml = need(*LIBRARY)
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return Layer()
        reader = _Reader(loader, yaml, path)
        values = reader.value(node, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = error.problem or error.context
        raise Failure(f"{path}:{mark.line + 1}: not valid YAML: {reason}") from None
    except yaml.YAMLError as error:  # a character that no YAML may hold
        raise Failure(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise Failure(f"{path}: nested too deep") from None
    except ValueError as error:  # 2026-13-45, a number of thousands of digits
        raise Failure(f"{path}: {error}") from None
    finally:
        if loader is not None:
            loader.dispose()
    if not isinstance(values, dict):
        raise Failure(f"{path}: expected a mapping, got {type(values).__name__}")
    return Layer.placed(values, lambda key: keys.place(path, reader.lines, key))


class _Reader:
    """Nodes into values; what PyYAML lets pass is refused: keys twice, keys that are not text."""

    def __init__(self, loader: Any, yaml: Any, path: str) -> None:
        self._loader = loader
        self._yaml = yaml
        self._path = path
        self._count = 0
        self.lines: dict[Path, int] = {}

    def value(self, node: Any, path: Path | None) -> Any:
        """The value of a node at that path, None inside a list; raises Failure."""
        self._count += 1
        if self._count > MOST:
            raise Failure(f"{self._path}: more than {MOST} values")
        if node.tag == MAP:
            return self._mapping(node, path)
        if node.tag == SEQUENCE:
            return [self.value(item, None) for item in node.value]
        return self._loader.construct_object(node, deep=True)

    def _mapping(self, node: Any, path: Path | None) -> dict[str, Any]:
        seen = set()
        for key, _ in node.value:
            if key.tag != MERGE:
                name = self._name(key)
                if name in seen:
                    raise self._wrong(key, f"the key {keys.show((name,))} occurs twice")
                seen.add(name)
        self._loader.flatten_mapping(node)  # `<<: *anchor`
        found = {}
        for key, item in node.value:
            name = self._name(key)
            inner = None if path is None else (*path, name)
            if inner is not None:
                self.lines[inner] = key.start_mark.line + 1
            found[name] = self.value(item, inner)
        return found

    def _name(self, node: Any) -> str:
        if not isinstance(node, self._yaml.ScalarNode):
            raise self._wrong(node, "a key must be a string")
        name = self._loader.construct_object(node)
        if not isinstance(name, str):
            raise self._wrong(node, f'a key must be a string: write "{node.value}" in quotes')
        return name

    def _wrong(self, node: Any, message: str) -> Failure:
        return Failure(f"{self._path}:{node.start_mark.line + 1}: {message}")
