"""Addresses carry passwords; whatever is printed, logged or sent goes through here first."""

from __future__ import annotations

import re

HIDDEN = "***"

# Up to the last @ of the address: people write passwords with / and @ in them as they are.
_USER = re.compile(r"(?<=://)[^\s\"'<>]*@")
# Without a scheme, too: somebody forgot it.
_LOGIN = re.compile(r"(?<![^\s/\"'=])[\w.%+-]+:[^\s/@\"']+@(?=[\w\[])")
_NAMED = re.compile(
    r"(?P<key>(?:pass(?:wor[dt]|wd|phrase|code)?|pwd|psw|secret|token|api-?_?key|auth|user-pw)"
    r"\s*[=:]\s*)(?P<quote>[\"']?)(?P<value>(?!//)[^\s&;,\"']+)",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with user and password of every address in it, and of every `password=`, hidden."""
    text = _LOGIN.sub(f"{HIDDEN}@", _USER.sub(f"{HIDDEN}@", text))
    return _NAMED.sub(rf"\g<key>\g<quote>{HIDDEN}", text)
