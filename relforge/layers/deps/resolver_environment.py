"""The places as pip and uv read them: variables, since everyone sees the words of a command."""

from __future__ import annotations

import os
import shutil

from relforge.layers.deps.package_sources import PackageSources, with_login

# Names of further variables that backends see; it is taken out before one is started.
BUILD_ENV = "RELFORGE_BUILD_ENV"


def for_backends(places: PackageSources) -> dict[str, str]:
    """For `backend`: `for_pip`, for making its environment, and what the settings let through."""
    more = " ".join(places.build_env)
    return for_pip(places) | ({BUILD_ENV: more} if more else {})


def for_pip(places: PackageSources) -> dict[str, str]:
    """Variables for pip, and for pex, which hands them on (with ``--use-pip-config``).

    An index that packages are bound to is none of pip's, which knows no binding.
    """
    indexes = [with_login(index.url, places) for index in places.indexes if not index.packages]
    found = {"PIP_FIND_LINKS": " ".join((*map(str, places.directories), *places.pages))}
    found["PIP_NO_INDEX"] = "" if indexes else "1"
    if indexes:
        found["PIP_INDEX_URL"] = indexes[0]
        found["PIP_EXTRA_INDEX_URL"] = " ".join(indexes[1:])
    if places.certificate:
        found["PIP_CERT"] = places.certificate
    return {name: value for name, value in found.items() if value or name in os.environ}


def for_uv(
    places: PackageSources, *, strict: bool = False, any_index: bool = False
) -> dict[str, str]:
    """Variables for uv, which does not read pip's configuration.

    Of several indexes the first that has a package counts, as uv has it; those that
    packages are bound to come first, and under ``strict`` give nothing else.  With
    ``any_index`` all count alike.
    """
    ordered = sorted(places.by_priority, key=lambda index: not index.packages)
    chosen = [index for index in ordered if not (strict and index.packages)]
    addresses = [with_login(index.url, places) for index in chosen]
    found = {
        "UV_INDEX_STRATEGY": "unsafe-best-match" if any_index else "",
        "UV_FIND_LINKS": ",".join((*map(str, places.directories), *places.pages)),
        "UV_HTTP_TIMEOUT": str(int(places.timeout)),
        "UV_INSECURE_HOST": " ".join(places.trusted),
        "UV_CONSTRAINT": " ".join(map(str, places.constraints)),
    }
    if addresses:
        found["UV_INDEX"] = " ".join(addresses[:-1])
        found["UV_DEFAULT_INDEX"] = addresses[-1]  # the one that uv asks last
    if places.certificate:
        found["SSL_CERT_FILE"] = places.certificate
    if places.proxy:
        found |= {"HTTP_PROXY": places.proxy, "HTTPS_PROXY": places.proxy}
    if places.keyring and shutil.which("keyring"):
        found["UV_KEYRING_PROVIDER"] = "subprocess"
    if places.offline:
        found["UV_OFFLINE"] = "1"
    return {name: value for name, value in found.items() if value}
