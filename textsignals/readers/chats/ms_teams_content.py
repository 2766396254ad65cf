"""What stands inside messages of Microsoft Teams: HTML with mentions split by words, and JSON in strings."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from typing import Any

from textsignals.readers.markup import plain

_MENTION = re.compile(r"<(at|span)\b([^<>]*)>([^<]*)</\1>", re.IGNORECASE)
_MENTION_SPAN = "schema.skype.com/mention"
_MENTION_ID = re.compile(r"""\b(?:itemid|id)=["']?([^"'\s>]+)""", re.IGNORECASE)
# Pictures have a text of the software ("image") in place of words; those of emoji are the emoji.
_IMAGE = re.compile(r"<img\b(?![^<>]*/Emoji)[^<>]*>", re.IGNORECASE)
# The parser of the standard library takes quadratic time over signs that open a tag and are never closed.
_UNCLOSED = re.compile(r"<(?=[^<>]*(?:<|\Z))")
# Each holds what somebody else wrote, or what its author wrote before an edit.
_QUOTES = frozenset({"blockquote", "quote", "legacyquote", "e_m"})


def fields(value: Any) -> dict[str, Any]:
    """Return an object with its keys in lower case, as both API and PowerShell write them; {} if it is none."""
    return {str(key).lower(): inner for key, inner in value.items()} if isinstance(value, dict) else {}


def listed(value: Any) -> list[dict[str, Any]]:
    """Return the objects of a list with their keys in lower case; [] if it is none."""
    return [fields(entry) for entry in value] if isinstance(value, list) else []


def parsed(value: Any) -> Any:
    """Return what JSON in a string says; None if it is none.

    >>> parsed('{"title": "Freeze"}'), parsed("Freeze")
    ({'title': 'Freeze'}, None)
    """
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None


def quotes(content: str) -> bool:
    """Return whether HTML holds words of others."""
    lower = content.lower()
    return "<blockquote" in lower or "<quote" in lower


def seen(content: str, whom: Callable[[str], str]) -> str:
    """Return HTML of Teams as the text people saw, without quotes; `whom` tells who is mentioned under an id.

    >>> seen('<p><at id="0">Ana</at>&nbsp;<at id="1">Ruiz</at>, done <emoji alt="x"></emoji></p>', lambda id: "U1")
    '@Ana Ruiz, done x'
    """
    if "<" not in content:
        return plain(content)
    try:
        content = _IMAGE.sub("", _with_mentions(_UNCLOSED.sub("&lt;", content), whom))
        return plain(content, without=_QUOTES)
    except AssertionError as error:
        # The parser of the standard library asserts that declarations are sound.
        raise ValueError("its HTML is damaged") from error


def _with_mentions(content: str, whom: Callable[[str], str]) -> str:
    """Return HTML with mentions as @name; Teams splits that of a person into one for each word of the name."""
    parts: list[str] = []
    end, last = 0, ""
    for match in _MENTION.finditer(content):
        tag, attributes, words = match.groups()
        if tag.lower() == "span" and _MENTION_SPAN not in attributes.lower():
            continue
        between, name = content[end : match.start()], words.strip()
        id_ = _MENTION_ID.search(attributes)
        who = whom(id_[1]) if id_ else ""
        goes_on = bool(who) and who == last and not html.unescape(between).strip()
        parts += [" ", name] if goes_on else [between, "@" + name.lstrip("@")]
        end, last = match.end(), who
    return "".join((*parts, content[end:]))
