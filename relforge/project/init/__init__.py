"""A first ``[tool.relforge]``, from what the project shows; nothing of it is run.

From text to facts, each file read once:

reading.py           the files, and the facts of each module
facts.py             what one module says; syntax.py, variables.py, paths.py are its parts
wheel_contents.py    what the build backend will take
roots.py, names.py   import roots, and names followed across modules
dependencies.py      the names of what is depended upon

From facts to what is run:

look.py              the model of the project, all of it
applications.py      ASGI, WSGI and Celery objects; frameworks.py knows them by name
attached.py          routes that other modules add to them
web.py               which object is served, by which server; server_lines.py reads its words
procfile.py          the processes that a Procfile has; shell_lines.py reads its lines
workers.py           task queues and schedulers
programs.py          commands
django.py            Django's settings
frontend.py          what Node builds; frontend_output.py finds where to, frontend_config.py
                     reads the configurations that say it
contents.py          what goes into the release
interpreter.py       which Python
needed.py            environment variables; variables.py and demanded.py read them
trying.py            the one thing that runs something: an import in the project's environment

From that to settings:

judge.py             what of it would not run
completing.py        what the dependencies lack for it
text.py, assets.py   settings as tables; document.py renders them
notes.py             what was seen, and what is left to do
workspace.py         which member, where the root is no package
merge.py             what existing settings lack
write.py             the plan, and carrying it out
"""

from relforge.project.init.workspace import members
from relforge.project.init.write import Plan, apply, plan

__all__ = ["Plan", "apply", "members", "plan"]
