"""Does what the rules ask for: one method for each of `rules.effects`."""

from __future__ import annotations

import os

from ..errors import Refusal
from . import agent_sockets, handover, probes, report, sockets, state_export
from .config_push import ConfigPush
from .control import Control
from .generation_loader import GenerationLoader
from .hooks import Hooks
from .plan import Plan
from .poller import Poller
from .process import kill_group
from .processes import Processes
from .rules import effects
from .rules.events import Adopted, HealthAnswered, NotLoaded, NotSwitched, Pushed, StateKept
from .rules.world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .callbacks import Post


class Performer:
    """``post(event)`` gets what the effects answer; ``running(line)`` is called once."""

    def __init__(
        self,
        plan: Plan,
        poller: Poller,
        control: Control,
        post: Post,
        running: Callable[[str], None],
    ) -> None:
        self.processes = Processes(plan, poller, post)
        self.hooks = Hooks(plan, poller, post, self.processes.watch)
        self._plan = plan
        self._poller = poller
        self._control = control
        self._post = post
        self._running = running
        self._loader: GenerationLoader | None = None
        self._push: ConfigPush | None = None
        self._health = 0  # the pid of the health check

    def perform(self, effect: Any, world: World) -> None:
        """Do it; ``world`` is the one in which it was decided."""
        _METHODS[type(effect)](self, effect, world)

    def tick(self, now: float) -> float | None:
        """End what has taken too long; when that is next, on the monotonic clock."""
        times = [self.hooks.tick()]
        for errand in (self._loader, self._push):
            if errand is not None:
                if now >= errand.due:
                    errand.late()
                times.append(errand.due)
        return min((moment for moment in times if moment is not None), default=None)

    def keep_sockets(self) -> None:
        """Leave our sockets with the manager, for the supervisor after us."""
        if self._plan.manager.stores:
            for row in self._plan.generation.sockets():
                row.keep(self._plan.manager)

    def _spawn(self, effect: effects.Spawn, world: World) -> None:
        process = world.process(effect.key)
        if process is not None:
            self.processes.spawn(process, kept=effect.kept, beside=effect.beside)

    def _signal(self, effect: effects.Signal, _world: World) -> None:
        self.processes.signal(effect.key, effect.number)

    def _kill(self, effect: effects.Kill, _world: World) -> None:
        self.processes.kill(effect.key)

    def _unwatch(self, effect: effects.Unwatch, _world: World) -> None:
        self.processes.ready.over(effect.key)

    def _probe(self, effect: effects.Probe, world: World) -> None:
        process = world.process(effect.key)
        if process is not None:
            self.processes.ready.probe(process)

    def _abandon(self, effect: effects.Abandon, _world: World) -> None:
        self.processes.abandon(effect.key)

    def _say(self, effect: effects.Say, _world: World) -> None:
        self._plan.journal.say(effect.text, effect.level)

    def _show(self, effect: effects.Show, world: World) -> None:
        self._plan.manager.status(effect.text or report.line(world))

    def _extend(self, effect: effects.Extend, _world: World) -> None:
        self._plan.manager.extend(effect.seconds)

    def _steady(self, _effect: effects.Steady, world: World) -> None:
        self._plan.manager.ready(report.line(world))

    def _reloading(self, _effect: effects.Reloading, _world: World) -> None:
        self._plan.manager.reloading()

    def _stopping(self, effect: effects.Stopping, _world: World) -> None:
        self._plan.manager.stopping(effect.text)

    def _announce(self, _effect: effects.Announce, world: World) -> None:
        line = report.line(world)
        self._plan.journal.say(line)
        self._plan.manager.ready(line)
        self._running(line)

    def _run_hook(self, effect: effects.RunHook, _world: World) -> None:
        self.hooks.begin(effect.name, effect.generation, effect.facts)

    def _hurry_hooks(self, effect: effects.HurryHooks, _world: World) -> None:
        self.hooks.within(effect.seconds)

    def _kill_hooks(self, _effect: effects.KillHooks, _world: World) -> None:
        self.hooks.kill()

    def _load(self, effect: effects.Load, _world: World) -> None:
        watch = self.processes.watch
        try:
            self._loader = GenerationLoader(self._plan, self._poller, self._post, watch, effect)
        except Refusal as error:
            self._post(NotLoaded(effect.key, error.message, error.code, error.hint))

    def _kill_load(self, _effect: effects.KillLoad, _world: World) -> None:
        if self._loader is not None:
            self._loader.kill()

    def _push_config(self, effect: effects.Push, world: World) -> None:
        rows = [row for row in map(world.process, effect.keys) if row is not None]
        names = [str(row) for row in rows]
        watch, born = self.processes.watch, effect.generation
        try:
            self._push = ConfigPush(self._plan, self._post, watch, born, names, effect.changed)
        except OSError as error:
            reason = f"the new configuration could not be delivered: {error.strerror}"
            self._post(Pushed(dict.fromkeys(names, reason)))

    def _kill_push(self, _effect: effects.KillPush, _world: World) -> None:
        if self._push is not None:
            self._push.kill()

    def _ask_state(self, effect: effects.AskState, world: World) -> None:
        process = world.process(effect.key)
        if process is None:
            return
        name = str(process)

        def kept(fd: int) -> None:
            self._post(StateKept(name, fd))

        path = self._plan.paths.socket(name)
        try:
            state_export.keep(effect.generation, path, self.processes.watch, kept)
        except OSError:
            kept(-1)

    def _close_state(self, effect: effects.CloseState, _world: World) -> None:
        os.close(effect.fd)

    def _ask_health(self, effect: effects.AskHealth, _world: World) -> None:
        born = effect.generation
        try:
            pid = self._health = probes.ask(self._plan, born, born.health)
        except OSError:
            self._post(HealthAnswered(False))
            return

        def ended(status: int) -> None:
            if self._health == pid:
                self._health = 0
                self._post(HealthAnswered(status == 0))

        self.processes.watch(pid, ended)

    def _kill_health(self, _effect: effects.KillHealth, _world: World) -> None:
        if self._health:
            kill_group(self._health)

    def _rename(self, effect: effects.Rename, _world: World) -> None:
        agent_sockets.rename(self._plan.paths.run, effect.name)

    def _clear(self, effect: effects.Clear, _world: World) -> None:
        agent_sockets.remove(self._plan.paths.run, effect.name)

    def _adopt(self, effect: effects.Adopt, _world: World) -> None:
        born, run = effect.generation, self._plan.paths.run
        try:
            born.listeners = sockets.adopt(born.specs, run, effect.source.listeners)
        except Refusal as error:
            self._post(Adopted(error.message))
        else:
            self._post(Adopted())

    def _retire(self, effect: effects.Retire, _world: World) -> None:
        effect.generation.leave(effect.heir)

    def _close_sockets(self, _effect: effects.CloseSockets, world: World) -> None:
        for row in world.generation.sockets():
            row.close()

    def _keep_sockets(self, _effect: effects.KeepSockets, _world: World) -> None:
        self.keep_sockets()

    def _forget(self, effect: effects.Forget, _world: World) -> None:
        effect.generation.forget()

    def _record(self, effect: effects.Record, _world: World) -> None:
        self._plan.lock.update(operation=effect.operation)

    def _send(self, effect: effects.Send, _world: World) -> None:
        message = effect.message
        if effect.key:
            message = {**message, "tail": self.processes.tail(effect.key)}
        self._control.send(effect.client, message)

    def _switch(self, effect: effects.Switch, world: World) -> None:
        clients = self._control.dump(effect.client)
        content = handover.state(self._plan, effect.old, world, self.processes, clients)
        try:
            handover.become(self._plan, content)
        except OSError as error:
            reason = f"its interpreter does not start: {error.strerror}"
            self._post(NotSwitched(reason))


_METHODS: dict[type, Callable[[Performer, Any, World], None]] = {
    effects.Abandon: Performer._abandon,
    effects.Adopt: Performer._adopt,
    effects.Announce: Performer._announce,
    effects.AskHealth: Performer._ask_health,
    effects.AskState: Performer._ask_state,
    effects.Clear: Performer._clear,
    effects.CloseSockets: Performer._close_sockets,
    effects.CloseState: Performer._close_state,
    effects.Extend: Performer._extend,
    effects.Forget: Performer._forget,
    effects.HurryHooks: Performer._hurry_hooks,
    effects.KeepSockets: Performer._keep_sockets,
    effects.Kill: Performer._kill,
    effects.KillHealth: Performer._kill_health,
    effects.KillHooks: Performer._kill_hooks,
    effects.KillLoad: Performer._kill_load,
    effects.KillPush: Performer._kill_push,
    effects.Load: Performer._load,
    effects.Probe: Performer._probe,
    effects.Push: Performer._push_config,
    effects.Record: Performer._record,
    effects.Reloading: Performer._reloading,
    effects.Rename: Performer._rename,
    effects.Retire: Performer._retire,
    effects.RunHook: Performer._run_hook,
    effects.Say: Performer._say,
    effects.Send: Performer._send,
    effects.Show: Performer._show,
    effects.Signal: Performer._signal,
    effects.Spawn: Performer._spawn,
    effects.Steady: Performer._steady,
    effects.Stopping: Performer._stopping,
    effects.Switch: Performer._switch,
    effects.Unwatch: Performer._unwatch,
}
