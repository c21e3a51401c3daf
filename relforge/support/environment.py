"""The environment of each program that a build starts.

    of_programs    ours and the user's: everything but what binds git to a repository
    of_assets      the commands of `assets.run`: the same without relforge's own secrets
    of_git         git: what it needs to find, to log in and to reach a host
    of_resolvers   uv and pex: what pip and uv read
    of_backends    build backends, which are code of others: a list of what is let through

Git sets variables for its hooks that would make it work on the caller's repository
wherever it runs (``git rev-parse --local-env-vars``); no program gets them.  Its
``GIT_CONFIG_*`` stay, as git itself lets them when it goes to another repository.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

LOCAL_TO_A_REPOSITORY = frozenset(
    {
        *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_OBJECT_DIRECTORY", "GIT_DIR"),
        *("GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE", "GIT_INDEX_FILE"),
        *("GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_SHALLOW_FILE"),
        *("GIT_COMMON_DIR", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE"),
        "GIT_QUARANTINE_PATH",
    }
)
SYSTEM = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_*", "TZ", "TERM"),
    *("TMPDIR", "TMP", "TEMP", "COLUMNS", "NO_COLOR", "XDG_*"),
)
NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "FTP_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)
LOGINS = (
    *("SSH_AUTH_SOCK", "SSH_AGENT_PID", "SSH_ASKPASS*", "DISPLAY", "DBUS_SESSION_BUS_ADDRESS"),
    *("NETRC", "KEYRING_*", "PYTHON_KEYRING_*", "GNUPGHOME", "GPG_TTY"),
)
# What decides the version that a backend computes.
VERSIONS = (
    *("SETUPTOOLS_SCM_*", "VCS_VERSIONING_*", "PBR_*", "HATCH_VCS_*", "HATCH_BUILD_*"),
    *("PDM_BUILD_*", "POETRY_DYNAMIC_VERSIONING_*", "VERSIONEER_*", "VERSIONINGIT_*"),
    *("DUNAMAI_*", "FLIT_*", "SETUPTOOLS_GIT_VERSIONING_*"),
)
# What decides how a backend compiles.
COMPILERS = (
    *("CC", "CXX", "CPP", "FC", "F77", "F90", "LD", "AR", "AS", "NM", "RANLIB", "LDSHARED"),
    *("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "FFLAGS", "FCFLAGS", "ARFLAGS", "MAKEFLAGS"),
    *("MAKE", "CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH"),
    *("LD_LIBRARY_PATH", "LD_RUN_PATH", "PKG_CONFIG*", "CMAKE_*", "NINJA*", "MESON*", "SKBUILD*"),
    *("CARGO_HOME", "CARGO_BUILD_*", "CARGO_NET_*", "CARGO_PROFILE_*", "CARGO_TARGET_*"),
    *("RUSTUP_*", "RUSTC*", "RUSTFLAGS", "MATURIN_*", "GOPATH", "GOROOT", "GOFLAGS", "JAVA_HOME"),
    *("CCACHE_*", "SCCACHE_DIR", "NPY_*", "CYTHON_*", "CUDA_*", "SETUPTOOLS_*", "DISTUTILS_*"),
    *("OPENSSL_*", "*_CFLAGS", "*_CPPFLAGS", "*_LDFLAGS", "*_LIBS", "*_INCLUDE_DIR*"),
    *("*_LIB_DIR*", "*_LIBRARY_DIR*", "*_DIR", "*_ROOT", "*_PREFIX", "*_CONFIG", "*_EXTENSIONS"),
    *("WITH_*", "WITHOUT_*", "USE_*", "ENABLE_*", "DISABLE_*", "BUILD_*"),
)
GIT = ("GIT_*",)
GIT_IN_BACKENDS = ("GIT_CONFIG_*", "GIT_CEILING_DIRECTORIES", "GIT_OPTIONAL_LOCKS")
RESOLVERS = ("PIP_*", "UV_*", "PEX_*", "RUST_LOG")
SECRET = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|AUTH(?!OR)|LOGIN|PRIVATE|(^|_)(KEY|PASS)(_|$)"
)
# The builder's own, which nothing but the builder reads.
OWN_SECRETS = (
    *("RELFORGE_INDEX_*", "UV_INDEX*", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "PIP_*INDEX*"),
    *("*_IDENTITY_TOKEN", "ACTIONS_ID_TOKEN_*", "RELFORGE_SIGN_KEY", "SSH_AUTH_SOCK", "NETRC"),
)


def of_programs(values: Mapping[str, str] = os.environ) -> dict[str, str]:
    """This process's environment, without what binds git to a repository."""
    return {name: text for name, text in values.items() if name not in LOCAL_TO_A_REPOSITORY}


def of_assets(values: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The same without the secrets of the builder itself."""
    return {
        name: text for name, text in of_programs(values).items() if not _matches(name, OWN_SECRETS)
    }


def of_git(values: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What git needs; it asks nothing, and takes no lock that a user's git would wait for."""
    found = _let_through(values, (*SYSTEM, *NETWORK, *LOGINS, *GIT))
    return {**found, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def of_resolvers(values: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What uv, pex and the pip inside it need, and the backends that these ask."""
    names = (*SYSTEM, *NETWORK, *LOGINS, *GIT, *RESOLVERS)
    return {**_let_through(values, names), **of_backends(values=values)}


def of_backends(more: Iterable[str] = (), values: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a build backend sees; ``more`` are patterns of further names, secret or not."""
    names = (*SYSTEM, *NETWORK, *VERSIONS, *COMPILERS, *GIT_IN_BACKENDS, "SOURCE_DATE_EPOCH")
    found = _let_through(values, names)
    public = {name: text for name, text in found.items() if not SECRET.search(name.upper())}
    asked = tuple(more)
    return public | {name: text for name, text in values.items() if _matches(name, asked)}


def facts(more: Iterable[str] = (), values: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """What of it decides the result of a backend, for a key of what is kept."""
    patterns = (*VERSIONS, *COMPILERS, *more)
    seen = of_backends(more, values)
    rows = (f"{name}={text}" for name, text in seen.items() if _matches(name, patterns))
    return tuple(sorted(rows))


def _let_through(values: Mapping[str, str], patterns: Iterable[str]) -> dict[str, str]:
    wanted = tuple(patterns)
    return {name: text for name, text in of_programs(values).items() if _matches(name, wanted)}


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return name in patterns or any(
        fnmatchcase(name, row) for row in patterns if not row.isidentifier()
    )
