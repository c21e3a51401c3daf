"""The configuration as a source of pydantic-settings, the application's own.

class Settings(BaseSettings):
    @classmethod
    def settings_customise_sources(cls, settings_cls, init_settings, **others):
        return init_settings, settings_source(settings_cls)
"""

from __future__ import annotations

from .view import config

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def settings_source(settings_cls: Any) -> Any:
    """A source that gives the fields of ``settings_cls`` what the configuration has for them.

    Keys without a field are left out, whatever the class says of extra ones;
    ``max-age`` serves a field ``max_age``.  Secrets are `Secret`, whose repr is masked.
    """
    from pydantic_settings import InitSettingsSource

    known = set()
    for name, field in settings_cls.model_fields.items():
        known.add(name)
        if isinstance(field.validation_alias, str):
            known.add(field.validation_alias)
    values = {}
    for key, value in config.as_dict().items():
        name = key if key in known else key.replace("-", "_")
        if name in known:
            values[name] = value
    return InitSettingsSource(settings_cls, values)
