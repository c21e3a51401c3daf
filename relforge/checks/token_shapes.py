"""What secrets look like: each shape with the bytes without which no file can have it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One kind of secret.  ``shown`` is how much of its beginning may be shown."""

    name: str
    markers: tuple[bytes, ...]
    pattern: re.Pattern[bytes]
    severity: Literal["error", "warning"] = "error"
    shown: int = 4

    def masked(self, match: re.Match[bytes]) -> str:
        """What may be shown of the secret: how it begins; of an address, where it leads."""
        if self.name == URL:
            return f"{match[1].decode()}://...@{match[4].decode()}"
        return f"{match[0][: self.shown].decode()}..., {len(match[0])} bytes"


def _shape(
    name: str, pattern: bytes, *markers: bytes, warning: bool = False, shown: int = 4
) -> Shape:
    return Shape(
        name=name,
        markers=markers,
        pattern=re.compile(rb"(?<![A-Za-z0-9_])(?:" + pattern + rb")(?![A-Za-z0-9_])"),
        severity="warning" if warning else "error",
        shown=shown,
    )


# A key's first line, which code that reads keys has as well, and a good part of the key.
PRIVATE_KEY = Shape(
    name="a private key",
    markers=(b"PRIVATE KEY-----",),
    pattern=re.compile(
        rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:\s|\\[nr])+"
        rb"(?:[A-Za-z-]+: [^\n]*\n\s*)*"
        rb"(?:[A-Za-z0-9+/=]{16,}(?:\s|\\[nr])*){2}"
    ),
    shown=len("-----BEGIN"),
)
URL = "a password in a URL"

SHAPES = (
    PRIVATE_KEY,
    _shape("an AWS access key", rb"(?:AKIA|ASIA)[A-Z0-9]{16}", b"AKIA", b"ASIA"),
    _shape(
        "an AWS secret key",
        rb"(?i:aws_secret_access_key)[\"']?\s*[:=]\s*[\"']?[A-Za-z0-9/+]{40}",
        *(b"aws_secret_access_key", b"AWS_SECRET_ACCESS_KEY"),
        shown=len("aws_secret_access_key"),
    ),
    _shape(
        "a GitHub token",
        rb"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255}",
        *(b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
    ),
    _shape("a GitLab token", rb"glpat-[A-Za-z0-9_-]{20,}", b"glpat-", shown=6),
    _shape("a Slack token", rb"xox[abeoprs]-[A-Za-z0-9-]{10,}", b"xox"),
    _shape(
        "a Slack webhook",
        rb"hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}",
        b"hooks.slack.com/services/",
        shown=len("hooks.slack.com"),
    ),
    _shape("a Stripe key", rb"[sr]k_live_[A-Za-z0-9]{16,}", b"sk_live_", b"rk_live_", shown=8),
    _shape("a Google key", rb"AIza[A-Za-z0-9_-]{35}", b"AIza", warning=True),
    _shape("an npm token", rb"npm_[A-Za-z0-9]{36}", b"npm_"),
    _shape(
        "an npm token",
        rb"_authToken\s*=\s*[A-Za-z0-9_-]{20,}",
        b"_authToken",
        shown=len("_authToken"),
    ),
    _shape("a PyPI token", rb"pypi-AgE[A-Za-z0-9_-]{50,}", b"pypi-AgE", shown=5),
    _shape("a SendGrid key", rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", b"SG.", shown=3),
    _shape(
        "an API key of a language model provider",
        rb"sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{32,}",
        *(b"sk-ant-", b"sk-proj-", b"sk-svcacct-"),
        shown=6,
    ),
    _shape("an age key", rb"AGE-SECRET-KEY-1[A-Z0-9]{58}", b"AGE-SECRET-KEY-1", shown=14),
    _shape(
        "a signed token (JWT)",
        rb"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}",
        b".eyJ",
        warning=True,
    ),
    Shape(
        name=URL,
        markers=(b"://",),
        pattern=re.compile(
            rb"(?<![A-Za-z0-9+.-])([A-Za-z][A-Za-z0-9+.-]{1,30})://"
            rb"([^\s/:@'\"<>{}$%()\[\],;`\\]{0,64}):([^\s/@'\"<>{}$()\[\],;`\\]{3,128})"
            rb"@([A-Za-z0-9_.-]{1,253}|\[[0-9a-fA-F:]+\])"
        ),
        shown=0,
    ),
)

_PLACEHOLDER = re.compile(
    rb"(?i)(?:your|my|the|db|some)?[-_ ]?"
    rb"(?:pass(?:word|wd|wort|phrase)?|pw|pwd|secret|token|changeme|change[-_]me|example|"
    rb"test|x{3,}|\*+|\.{3,}|dummy|foo|bar|hunter2|postgres|mysql|root|admin|guest|minioadmin)"
    rb"\d{0,3}"
)
_EXAMPLE_HOST = re.compile(
    rb"(?i)(?:.*\.)?(?:example(?:\.(?:com|org|net))?|test|invalid|localhost|host(?:name)?|server)"
    rb"|127\.\d+\.\d+\.\d+|0\.0\.0\.0|\[::1\]"
)


def is_made_up(name: str, match: re.Match[bytes]) -> bool:
    """Whether it is such as documentation and development have: no secret of anybody."""
    if name != URL:
        return b"EXAMPLE" in match[0] or len(set(match[0])) < 8
    user, password, host = match[2], match[3], match[4]
    return bool(
        user == password or _PLACEHOLDER.fullmatch(password) or _EXAMPLE_HOST.fullmatch(host)
    )
