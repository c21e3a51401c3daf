"""What a project asks for: a reader for each file in which people write it, and one rule.

    requirements_txt   requirements.txt, requirements.in: `-r`, `-c`, editable and path entries
    poetry             [tool.poetry] of pyproject.toml
    pipfile            Pipfile
    choice             which of them counts

Nothing here runs a program.  What only a build backend knows is asked for by
`relforge.layers.deps.dynamic_requirements`.
"""
