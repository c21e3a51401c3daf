"""Does what the rules ask for: `_METHODS` has one entry for each of `rules.effects`."""

from __future__ import annotations

import os

from ..errors import Refusal
from . import agent_sockets, handover, probes, report, sockets, state_export
from .config_push import ConfigPush
from .control import Control
from .edge import Edge
from .generation_loader import GenerationLoader
from .hooks import Hooks
from .jobs import Jobs
from .plan import Plan
from .poller import Poller
from .process import kill_group
from .processes import Processes
from .rules import effects
from .rules.events import Adopted, HealthAnswered, NotLoaded, NotSwitched, Pushed, StateKept
from .rules.values import Value
from .rules.world import World

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Performer:
    """``post(event)`` gets what the effects answer; ``running(line)`` is called once."""

    def __init__(
        self,
        plan: Plan,
        poller: Poller,
        control: Control,
        post: Callable[[Value], None],
        running: Callable[[str], None],
    ) -> None:
        self._edge = edge = Edge(plan, poller, post)
        self.processes = Processes(edge)
        self.hooks = Hooks(edge)
        self.jobs = Jobs(edge)
        self.plan = plan
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
        times = [self.hooks.tick(), self.jobs.tick()]
        for errand in (self._loader, self._push):
            if errand is not None:
                if now >= errand.due:
                    errand.late()
                times.append(errand.due)
        return min((moment for moment in times if moment is not None), default=None)

    def keep_sockets(self) -> None:
        """Leave our sockets with the manager, for the supervisor after us."""
        if self.plan.manager.stores:
            for row in self.plan.generation.sockets():
                row.keep(self.plan.manager)

    def _spawn(self, effect: effects.Spawn, world: World) -> None:
        process = world.process(effect.key)
        if process is not None:
            self.processes.spawn(process, kept=effect.kept, beside=effect.beside)

    def _probe(self, effect: effects.Probe, world: World) -> None:
        process = world.process(effect.key)
        if process is not None:
            self.processes.ready.probe(process)

    def _announce(self, _effect: effects.Announce, world: World) -> None:
        line = report.line(world)
        self.plan.journal.say(line)
        self.plan.manager.ready(line)
        self._running(line)

    def _load(self, effect: effects.Load, _world: World) -> None:
        try:
            self._loader = GenerationLoader(self._edge, effect)
        except Refusal as error:
            self._post(NotLoaded(effect.key, error.message, error.code, error.hint))

    def _kill_load(self, _effect: effects.KillLoad, _world: World) -> None:
        if self._loader is not None:
            self._loader.kill()

    def _push_config(self, effect: effects.Push, world: World) -> None:
        rows = [row for row in map(world.process, effect.keys) if row is not None]
        names = [str(row) for row in rows]
        try:
            self._push = ConfigPush(self._edge, effect.generation, names, effect.changed)
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

        path = self.plan.paths.socket(name)
        try:
            state_export.keep(self._edge, effect.generation, path, kept)
        except OSError:
            kept(-1)

    def _ask_health(self, effect: effects.AskHealth, _world: World) -> None:
        born = effect.generation
        try:
            pid = self._health = probes.ask(self.plan, born, born.health)
        except OSError:
            self._post(HealthAnswered(False))
            return

        def ended(status: int) -> None:
            if self._health == pid:
                self._health = 0
                self._post(HealthAnswered(status == 0))

        self._edge.watch(pid, ended)

    def _kill_health(self, _effect: effects.KillHealth, _world: World) -> None:
        if self._health:
            kill_group(self._health)

    def _adopt(self, effect: effects.Adopt, _world: World) -> None:
        born, run = effect.generation, self.plan.paths.run
        try:
            born.listeners = sockets.adopt(born.specs, run, effect.source.listeners)
        except Refusal as error:
            self._post(Adopted(error.message))
        else:
            self._post(Adopted())

    def _close_sockets(self, _effect: effects.CloseSockets, world: World) -> None:
        for row in world.generation.sockets():
            row.close()

    def _send(self, effect: effects.Send, _world: World) -> None:
        message = effect.message
        if effect.key:
            message = {**message, "tail": self.processes.tail(effect.key)}
        self._control.send(effect.client, message)

    def _switch(self, effect: effects.Switch, world: World) -> None:
        clients = self._control.dump(effect.client)
        content = handover.state(self.plan, effect.old, world, self.processes, clients)
        content["jobs"] = self.jobs.handed_over()
        try:
            handover.become(self.plan, content)
        except OSError as error:
            reason = f"its interpreter does not start: {error.strerror}"
            self._post(NotSwitched(reason))


# By `rules.effects`: in place what is one call; `own` is the Performer.
_METHODS: dict[type, Callable[[Performer, Any, World], None]] = {
    effects.Abandon: lambda own, effect, _world: own.processes.abandon(effect.key),
    effects.Adopt: Performer._adopt,
    effects.Announce: Performer._announce,
    effects.AskHealth: Performer._ask_health,
    effects.AskState: Performer._ask_state,
    effects.Clear: lambda own, effect, _world: agent_sockets.remove(
        own.plan.paths.run, effect.name
    ),
    effects.CloseSockets: Performer._close_sockets,
    effects.CloseState: lambda own, effect, _world: os.close(effect.fd),
    effects.Extend: lambda own, effect, _world: own.plan.manager.extend(effect.seconds),
    effects.Forget: lambda own, effect, _world: effect.generation.forget(),
    effects.HurryHooks: lambda own, effect, _world: own.hooks.within(effect.seconds),
    effects.EndJobs: lambda own, _effect, _world: own.jobs.end(),
    effects.KeepSchedule: lambda own, effect, _world: own.jobs.keep(effect.jobs),
    effects.KeepSockets: lambda own, _effect, _world: own.keep_sockets(),
    effects.Kill: lambda own, effect, _world: own.processes.kill(effect.key),
    effects.KillHealth: Performer._kill_health,
    effects.KillHooks: lambda own, _effect, _world: own.hooks.kill(),
    effects.KillJobs: lambda own, _effect, _world: own.jobs.kill(),
    effects.KillLoad: Performer._kill_load,
    effects.KillPush: Performer._kill_push,
    effects.Load: Performer._load,
    effects.Probe: Performer._probe,
    effects.Push: Performer._push_config,
    effects.RecordOperation: lambda own, effect, _world: own.plan.lock.update(
        operation=effect.operation
    ),
    effects.Reloading: lambda own, _effect, _world: own.plan.manager.reloading(),
    effects.Rename: lambda own, effect, _world: agent_sockets.rename(
        own.plan.paths.run, effect.name
    ),
    effects.Retire: lambda own, effect, _world: effect.generation.leave(effect.heir),
    effects.RunHook: lambda own, effect, _world: own.hooks.begin(
        effect.name, effect.generation, effect.facts
    ),
    effects.RunJob: lambda own, effect, _world: own.jobs.begin(effect.name, effect.generation),
    effects.Say: lambda own, effect, _world: own.plan.journal.say(effect.text, effect.level),
    effects.Send: Performer._send,
    effects.Show: lambda own, effect, world: own.plan.manager.status(
        effect.text or report.line(world)
    ),
    effects.Signal: lambda own, effect, _world: own.processes.signal(effect.key, effect.number),
    effects.Spawn: Performer._spawn,
    effects.Steady: lambda own, _effect, world: own.plan.manager.ready(report.line(world)),
    effects.Stopping: lambda own, effect, _world: own.plan.manager.stopping(effect.text),
    effects.Switch: Performer._switch,
    effects.Unwatch: lambda own, effect, _world: own.processes.ready.over(effect.key),
}
