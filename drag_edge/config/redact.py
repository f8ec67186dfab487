"""Addresses carry passwords; whatever is printed, logged or sent goes through here first."""

from __future__ import annotations

import re

HIDDEN = "***"

# Up to the last @ of the address: people write passwords with / and @ and quotes in them as they
# are. One slash is enough: an address that is taken for a path has lost the other.
_USER = re.compile(r"(?P<scheme>:/+)\S*@")
# Without a scheme, too: somebody forgot it.
_LOGIN = re.compile(r"(?<![^\s/\"'=(,;])[^\s:/@\"'=(,;]+:(?!/)\S*@")
_NAMES = (
    "pass(?:w|wor[dt]|wd|phrase|code)?",
    "pas",
    "pwd?",
    "psw",
    "secret",
    "token",
    "api[-_]?key",
    "auth(?:basic|orization|entication)?",
    "credentials?",
)
# Quoted, it goes on to the closing quote, or to the end of the line where there is none.
_QUOTED = (
    r"\\+\"(?:.*?\\+\"|.*)",  # escaped: within a quoted value
    r"\\+'(?:.*?\\+'|.*)",
    r"\"(?:\\.|[^\"\\\n])*\"?",
    r"'(?:\\.|[^'\\\n])*'?",
)
_NAMED = re.compile(
    rf"(?P<key>(?:{'|'.join(_NAMES)})[\"']?(?:\s*[=:]\s*|%3[da]))(?!//)"
    r"(?:\(\w+\)\s*)?"  # GStreamer's (string)
    rf"(?P<value>(?:{'|'.join(_QUOTED)})?"
    r"(?:(?:Basic|Bearer|Digest)\s+)?[^\s&]*)",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """The text with user and password of every address in it, and of every `password=`, hidden."""
    text = _USER.sub(rf"\g<scheme>{HIDDEN}@", _NAMED.sub(_hidden, text))
    return _LOGIN.sub(f"{HIDDEN}@", text)


def _hidden(found: re.Match[str]) -> str:
    # It may be part of a longer password, which only its @ tells.
    at = "@" if "@" in found["value"] else ""
    return f"{found['key']}{HIDDEN}{at}"
