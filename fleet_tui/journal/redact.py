"""Takes secrets out of text before it is stored in the audit log.

Known key shapes (Anthropic, OpenAI, GitHub, GitLab, AWS, Slack, Google), HTTP credentials, JSON
web tokens, private keys, passwords in URLs, and values that are called a password or a token.
What looks like a secret is replaced by `[redacted:kind]`; the name beside it stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MESSAGE_LIMIT = 500
"""Characters of a prompt that the log keeps."""

_SCANNED = 1 << 18


@dataclass(frozen=True, slots=True)
class _Rule:
    """One shape of secret; `hints` are lower-case strings without which it cannot occur."""

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str


def _rule(kind: str, hints: str, pattern: str, *, keep: str = "", flags: int = 0) -> _Rule:
    return _Rule(tuple(hints.split()), re.compile(pattern, flags), f"{keep}[redacted:{kind}]")


_NAMES = (
    r"pass(?:word|wd|phrase)|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key"
    r"|private[_-]?key|auth[_-]?key|credentials?"
)
_NAME_HINTS = "pass pwd secret token key credential"
_NOT_A_REFERENCE = r"(?![$<%*{]|\[redacted|(?:null|none|true|false)\b)"

_RULES = (
    _rule(
        "private-key",
        "-----begin",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?"
        r"(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
        flags=re.DOTALL,
    ),
    _rule("jwt", "eyj", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?"),
    _rule("anthropic", "sk-ant-", r"\bsk-ant-[\w-]{16,}"),
    _rule(
        "openai",
        "sk-",
        r"\bsk-(?:[a-z0-9]{32,}|(?=[\w-]{0,200}\d)(?=[\w-]{0,200}[A-Z])[\w-]{20,})",
    ),
    _rule(
        "github",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{22,})",
    ),
    _rule("gitlab", "glpat-", r"\bglpat-[\w-]{20,}"),
    _rule("aws", "akia asia abia acca", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b"),
    _rule("slack", "xox xapp-", r"\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}"),
    _rule(
        "slack",
        "hooks.slack.com",
        r"(hooks\.slack\.com/(?:services|workflows)/)[\w/-]{8,}",
        keep=r"\1",
    ),
    _rule("google", "aiza ya29.", r"\b(?:AIza[\w-]{35}|ya29\.[\w-]{20,})"),
    _rule(
        "header",
        "authorization",
        r"(authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:(?:bearer|basic|token|digest)\s{1,3})?+)"
        r"(?!\[redacted)[^\s\"',;]{6,}",
        keep=r"\1",
        flags=re.IGNORECASE,
    ),
    _rule(
        "header",
        "bearer basic",
        r"\b((?:bearer|basic)\s{1,3})(?=[^\s\"']{0,200}\d)[A-Za-z0-9+/=._~-]{12,}",
        keep=r"\1",
        flags=re.IGNORECASE,
    ),
    _rule(
        "url", "://", r"(://[^\s/@:\"']{0,100}:)(?!\[redacted)[^\s/@\"']{1,400}(?=@)", keep=r"\1"
    ),
    _rule(
        "value",
        _NAME_HINTS,
        rf"((?:{_NAMES})[\"']?\s{{0,3}}(?:=>|:=|[:=])\s{{0,3}})([\"']){_NOT_A_REFERENCE}"
        r"(?:\\.|(?!\2)[^\\\n]){3,2000}\2",
        keep=r"\1",
        flags=re.IGNORECASE,
    ),
    _rule(
        "value",
        _NAME_HINTS,
        rf"((?:{_NAMES})[\"']?\s{{0,3}}(?:=>|:=|[:=])\s{{0,3}}){_NOT_A_REFERENCE}"
        r"[^\s\"',;&)}\]]{4,2000}",
        keep=r"\1",
        flags=re.IGNORECASE,
    ),
    _rule(
        "value",
        "--pass --pwd --secret --token --api --access --auth",
        rf"(--(?:{_NAMES})\s{{1,3}}[\"']?){_NOT_A_REFERENCE}(?!-)[^\s\"']{{4,2000}}",
        keep=r"\1",
        flags=re.IGNORECASE,
    ),
)


def redact(text: str) -> str:
    """Return `text` with everything that looks like a secret replaced."""
    lowered = text.lower()
    for rule in _RULES:
        if any(hint in lowered for hint in rule.hints):
            text = rule.pattern.sub(rule.replacement, text)
    return text


def log_message(prompt: str, limit: int = MESSAGE_LIMIT) -> str:
    """Return what the log keeps of a prompt: redacted first, then cut to `limit` characters."""
    redacted = redact(prompt[:_SCANNED])
    if len(redacted) <= limit:
        return redacted
    return redacted[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
