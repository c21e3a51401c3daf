"""A first ``[tool.relforge]``, from what the project shows.

detect.py        what the project is: name, Python, lock, sources
applications.py  the application objects that its sources make
programs.py      what is run from the command line
frontend.py      the assets that Node builds
django.py        the static files that Django collects
text.py          the settings, with comments
write.py         the plan, and carrying it out
"""

from relforge.project.init.write import Plan, apply, plan

__all__ = ["Plan", "apply", "plan"]
