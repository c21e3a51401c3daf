"""The places as pip and uv read them: variables, since everyone sees the words of a command."""

from __future__ import annotations

import os
import shutil
from urllib.parse import quote, urlsplit, urlunsplit

from relforge.layers.deps.package_sources import PackageSources

# Names of further variables that backends see; it is taken out before one is started.
BUILD_ENV = "RELFORGE_BUILD_ENV"


def for_backends(places: PackageSources) -> dict[str, str]:
    """For `backend`: `for_pip`, for making its environment, and what the settings let through."""
    more = " ".join(places.build_env)
    return for_pip(places) | ({BUILD_ENV: more} if more else {})


def for_pip(places: PackageSources) -> dict[str, str]:
    """Variables for pip, and for pex, which hands them on (with ``--use-pip-config``)."""
    indexes = [_with_login(index.url, places) for index in places.indexes]
    found = {"PIP_FIND_LINKS": " ".join((*map(str, places.folders), *places.pages))}
    found["PIP_NO_INDEX"] = "" if indexes else "1"
    if indexes:
        found["PIP_INDEX_URL"] = indexes[0]
        found["PIP_EXTRA_INDEX_URL"] = " ".join(indexes[1:])
    if places.certificate:
        found["PIP_CERT"] = places.certificate
    return {name: value for name, value in found.items() if value or name in os.environ}


def for_uv(places: PackageSources) -> dict[str, str]:
    """Variables for uv, which does not read pip's configuration.

    All indexes count alike, as they do for pip, so that both resolve the same.
    """
    indexes = [_with_login(index.url, places) for index in places.indexes]
    found = {
        "UV_INDEX_STRATEGY": os.environ.get("UV_INDEX_STRATEGY", "unsafe-best-match"),
        "UV_INDEX": " ".join(indexes[:-1]),
        "UV_FIND_LINKS": ",".join((*map(str, places.folders), *places.pages)),
        "UV_HTTP_TIMEOUT": str(int(places.timeout)),
        "UV_INSECURE_HOST": " ".join(places.trusted),
        "UV_CONSTRAINT": " ".join(map(str, places.constraints)),
    }
    if indexes:
        found["UV_DEFAULT_INDEX"] = indexes[-1]  # the one that uv asks last
    if places.certificate:
        found["SSL_CERT_FILE"] = places.certificate
    if places.proxy:
        found |= {"HTTP_PROXY": places.proxy, "HTTPS_PROXY": places.proxy}
    if places.keyring and shutil.which("keyring"):
        found["UV_KEYRING_PROVIDER"] = "subprocess"
    if places.offline:
        found["UV_OFFLINE"] = "1"
    return {name: value for name, value in found.items() if value}


def _with_login(url: str, places: PackageSources) -> str:
    user, password = (places.logins or {}).get(url, ("", ""))
    if not user and not password:
        return url
    address = urlsplit(url)
    login = f"{quote(user, safe='%')}:{quote(password, safe='%')}"
    return urlunsplit(address._replace(netloc=f"{login}@{address.netloc}"))
