"""A function of ours, called as another user: what root asks that runs code of the release."""

from __future__ import annotations

import json
import os
import sys

from .errors import FAILED, Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .owner import User


def call(user: User | None, work: Callable[[], Any]) -> Any:
    """What ``work`` returns, which is JSON, as that user; as the caller where there is none.

    Raises Refusal where ``work`` does.
    """
    if user is None:
        return work()
    ours, theirs = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os._exit(_answer(user, work, theirs))
    os.close(theirs)
    with open(ours, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    if not data:
        raise Refusal(f"uid {user[0]}: it ended without an answer", hint="its output is above")
    answer = json.loads(data)
    if "error" in answer:
        raise Refusal(answer["error"], hint=answer["hint"], code=answer["code"])
    return answer["result"]


def _answer(user: User, work: Callable[[], Any], pipe: int) -> int:
    """In the child, into which that user cannot look: see ptrace(2), PR_SET_DUMPABLE."""
    uid, gid = user
    try:
        os.setgroups([gid])
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
        answer = {"result": work()}
    except Refusal as error:
        answer = {"error": error.message, "hint": error.hint, "code": error.code}
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return FAILED
    with open(pipe, "wb") as file:
        file.write(json.dumps(answer).encode())
    return 0
