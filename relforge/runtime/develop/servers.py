"""The servers of `app` services by their own command lines, which can reload what changed."""

from __future__ import annotations

import importlib.util
import json
import os
import sys

from ..contract import address
from ..contract.wrong import Wrong
from ..errors import CONFIG, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..paths import Paths
    from ..supervise.specs import Spec

_UVICORN = "import json, sys, uvicorn; uvicorn.run(**json.loads(sys.argv[1]))"


def command(spec: Spec, where: Paths, watch: tuple[str, ...], install: str = "") -> tuple[str, ...]:
    """The words that serve the application; ``watch`` are the sources, () without a reload.

    Raises Refusal.
    """
    if importlib.util.find_spec(spec.server) is None:
        raise Refusal(
            f"services.{spec.name}.server: {spec.server} is not installed in {sys.prefix}",
            hint=f"run: uv pip install --python {sys.prefix} {install or spec.server}",
        )
    options = dict(spec.options)
    factory = bool(options.pop("factory", False))
    if spec.server == "uvicorn":
        return _uvicorn(spec, where, options, factory, watch)
    bind = [
        _bind(text, f"services.{spec.name}.listen[{at}]", where)
        for at, text in enumerate(spec.listen)
    ]
    if spec.server == "gunicorn":
        options.pop("preload_app", None)  # which keeps what was imported first
        options |= {"bind": bind, "reload": bool(watch), "control_socket_disable": True}
        flag = ""
    else:
        options |= {"bind": bind, "use_reloader": bool(watch)}
        flag = "file:"
    file = os.path.join(where.run, f"{spec.name}.{spec.server}.py")
    with open(file, "w", encoding="utf-8") as target:
        target.writelines(f"{name} = {value!r}\n" for name, value in sorted(options.items()))
    app = spec.function + "()" * factory
    return (sys.executable, "-P", "-m", spec.server, "-c", flag + file, app)


def _uvicorn(
    spec: Spec, where: Paths, options: dict[str, Any], factory: bool, watch: tuple[str, ...]
) -> tuple[str, ...]:
    if len(spec.listen) > 1:
        name = f"services.{spec.name}.listen"
        print(f"{name}: uvicorn takes one address here: {spec.listen[0]}", file=sys.stderr)
    found = _read(spec.listen[0], f"services.{spec.name}.listen[0]")
    if found.path:
        options["uds"] = os.path.join(where.run, found.path)
    else:
        options |= {"host": found.host, "port": found.port}
    os.environ["RELFORGE_APP"] = json.dumps([spec.function, factory])
    options |= {"app": "relforge.runtime.develop.application:load", "factory": True}
    if watch:
        options |= {"reload": True, "reload_dirs": list(watch)}
    return (sys.executable, "-P", "-c", _UVICORN, json.dumps(options))


def _read(text: str, where: str) -> address.Address:
    try:
        return address.read(text)
    except Wrong as wrong:
        raise Refusal(f"{where}: {wrong}", hint=wrong.hint, code=CONFIG) from None


def _bind(text: str, name: str, where: Paths) -> str:
    """An address as gunicorn and hypercorn write it."""
    found = _read(text, name)
    if found.path:
        return f"unix:{os.path.join(where.run, found.path)}"
    return f"[{found.host}]:{found.port}" if ":" in found.host else f"{found.host}:{found.port}"
