"""A first ``[tool.relforge]``, from what the project shows; nothing of it is run.

From text to facts, each file read once:

reading.py           the files, and the facts of each module
facts.py             what one module says; parsing.py reads it, with imported.py, definitions.py,
                     syntax.py, variables.py and written_paths.py; paths.py evaluates paths
wheel_contents.py    what the build backend will take
roots.py, names.py   import roots, and names followed across modules
dependencies.py      the names of what is depended upon

From facts to what is run:

look.py              the model of the project, all of it, as found.py has it; own_project.py and
                     working_directories.py are the first that it reads
applications.py      ASGI, WSGI and Celery objects; frameworks.py knows them by name
attached.py          routes that other modules add to them
web.py               the web service, from web_evidence.py: by a server's line (web_from_line.py),
                     by an object (web_from_objects.py) or a program (web_from_program.py)
procfile.py          the processes that a Procfile has; shell_lines.py reads its lines,
                     server_lines.py and server_options.py the words of a server,
                     program_words.py those of others
running.py           all services and commands, from these and from what follows
workers.py           task queues; schedulers.py knows what must not run twice
programs.py          commands; alembic.py has Alembic's files
django.py            Django's settings, with ini_files.py; django_files.py has its static files,
                     and what a site writes into itself
expanding.py         lines that start a script, or another Procfile
frontend.py          what Node builds; frontend_output.py finds where to, frontend_config.py
                     reads the configurations that say it
contents.py          what goes into the release, from the modules that entries.py names
interpreter.py       which Python; pinned.py knows of which year pinned versions are,
                     deferred_annotations.py finds what the newest alone survive
needed.py            environment variables; variables.py reads them: environment_readers.py,
                     environment_syntax.py, settings_fields.py and demanded.py have a part each
trying.py            the one thing that runs something: an import in the project's environment

From that to settings:

judge.py             what of it would not run
completing.py        what the dependencies lack for it
settings_tables.py   settings as tables: service_tables.py, config_tables.py and assets.py
                     have a part each; document.py renders them
notes.py             what was seen, and what is left to do; state_notes.py has what is on disk,
                     procfile_notes.py what lines that start processes leave to do
workspace.py         which member, where the root is no package
merge.py             what existing settings lack
write.py             the plan, and carrying it out
"""

from relforge.project.init.workspace import members
from relforge.project.init.write import Plan, apply, plan

__all__ = ["Plan", "apply", "members", "plan"]
