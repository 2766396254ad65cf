"""Markdown in the dialects of Discord, Mattermost and Zulip, as people saw it and without the words of others."""

from __future__ import annotations

import re
from collections.abc import Mapping

from textsignals.readers.markup import plain

# Bounded, since a text may hold nothing but brackets. The address may hold one pair of brackets (Wikipedia's do).
_ADDRESS = r"\(([^()\s]{0,2000}(?:\([^()\s]{0,500}\)[^()\s]{0,500})?)(?: \"[^\"\n]{0,500}\")?\)"
_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]" + _ADDRESS)
_BARE_LINK = re.compile(r"<(https?://[^<>\s]{1,2000})>")
_FENCE = "```"

# Discord's markup as exporters leave it if told not to format it.
_RAW = re.compile(r"<(@[!&]?|#|a?:[^<>:\s]{1,64}:)(\d{1,20})>")

# Zulip's fences have three or more signs, so that one fits into another; only quote holds words of others.
_ZULIP_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ {.]*([^\s`~]*)")
# Silent mention and link that Zulip puts above what is quoted: "@_**Ana|9** [said](https://...):".
_SAID = re.compile(r"^@_\*\*[^*\n]{1,200}\*\* \[[^\[\]\n]{1,50}\]\([^()\s]{1,2000}\):\s*$")
_MENTION = re.compile(r"@_?(\*{1,2})([^*|\n]{1,200})(?:\|\d{1,12})?\1")
_STREAM = re.compile(r"#\*\*([^*>\n]{1,200})(?:>([^*\n]{0,200}?)(?:@\d{1,12})?)?\*\*")
_UPLOAD = "/user_uploads/"
# Zulip writes no such sign by itself; thousands of them would keep the parser of the standard library busy for minutes.
_UNCLOSED = re.compile(r"<(?=[^<>]*(?:<|\Z))")
_HTML_SAID = re.compile(
    r'<p><span class="user-mention silent"[^<>]{0,200}>[^<>]{0,200}</span> <a [^<>]{0,2000}>[^<>]{0,50}</a>:</p>'
    r"\s{0,20}(?=<blockquote>)"
)
_HTML_UPLOAD = re.compile(
    r'<a [^<>]{0,500}href="[^"<>]{0,500}/user_uploads/[^"<>]{0,500}"[^<>]{0,500}>([^<>]{0,500})</a>'
)
# Previews of pages that were linked to: their titles and first sentences are other people's.
_HTML_PREVIEW = re.compile(
    r'<div class="message_embed">(?:(?!<div class="message_embed">)[\s\S]){0,8000}?</div>\s?</div>\s?</div>'
)
_HTML_SILENT = re.compile(r'(<span class="user(?:-group)?-mention[^"<>]{0,40} ?silent"[^<>]{0,200}>)(?!@)')


def discord(text: str, names: Mapping[str, str]) -> str:
    """Return a text of Discord; `names` are those of people by id, for mentions that were left as they are stored.

    >>> discord("<@12> sees [it](https://example.org)\\n> they said", {"12": "Ana"})
    '@Ana sees it'
    """

    def shown(match: re.Match[str]) -> str:
        sign, id_ = match.groups()
        if sign == "#":
            return "#channel"
        return "@" + (names.get(id_) or "user") if sign.startswith("@") else sign.removeprefix("a")

    return _links(without_quotes(_RAW.sub(shown, text), spaced=True))


def mattermost(text: str) -> str:
    """Return a text of Mattermost, in which people are @name already.

    >>> mattermost("> @bo: late\\n@bo [see](https://example.org/a_(b))")
    '@bo see'
    """
    return _links(without_quotes(text))


def zulip(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text of Zulip, and the names of the files that were put into it.

    >>> zulip("@**Ana|9**: #**plan>Q2** [a.pdf](/user_uploads/1/a.pdf)\\n```quote\\nlate\\n```")
    ('@Ana: #plan > Q2', ('a.pdf',))
    """
    files: list[str] = []

    def link(match: re.Match[str]) -> str:
        if _UPLOAD not in match.group(2):
            return match.group(1)
        files.append(match.group(1) or match.group(2).rpartition("/")[2])
        return ""

    own = _LINK.sub(link, without_quotes("\n".join(_unfenced(text))))
    own = _MENTION.sub(r"@\2", own)
    own = _STREAM.sub(lambda m: f"#{m[1]} > {m[2]}" if m[2] else f"#{m[1]}", own)
    return _BARE_LINK.sub(r"\1", own).removeprefix("/me ").strip(), tuple(files)


def zulip_html(markup: str) -> tuple[str, tuple[str, ...]]:
    """Return the same for a text that Zulip has made HTML of.

    >>> zulip_html('<p><span class="user-mention silent">Ana</span> <a href="#x">said</a>:</p><blockquote>late'
    ...            '</blockquote><p>So what <a href="/user_uploads/1/a.pdf">a.pdf</a></p>')
    ('So what', ('a.pdf',))
    """
    files: list[str] = []

    def upload(match: re.Match[str]) -> str:
        if match.group(1):
            files.append(match.group(1))
        return ""

    own = _UNCLOSED.sub("&lt;", markup)
    own = _HTML_UPLOAD.sub(upload, _HTML_PREVIEW.sub("", _HTML_SAID.sub("", own)))
    text = plain(_HTML_SILENT.sub(r"\1@", own), without=frozenset({"blockquote", "annotation"}))
    return text.removeprefix("/me ").strip(), tuple(files)


def without_quotes(text: str, *, spaced: bool = False) -> str:
    """Return the text without lines that quote others; a > inside of code quotes nobody.

    With `spaced` only "> " begins a quote, and ">>> " one up to the end: as in Discord, where ">50 %" is a figure.

    >>> without_quotes("> we are late\\nWho says so?")
    'Who says so?'
    >>> without_quotes("No:\\n>>> all\\nof it", spaced=True)
    'No:'
    """
    if ">" not in text:
        return text
    kept, in_code = [], False
    for line in text.split("\n"):
        bare = line.lstrip()
        if not in_code and spaced and bare.startswith(">>> "):
            break
        if not in_code and bare.startswith("> " if spaced else ">"):
            continue
        in_code ^= line.count(_FENCE) % 2 == 1
        kept.append(line)
    return "\n".join(kept).strip("\n")


def _links(text: str) -> str:
    return _BARE_LINK.sub(r"\1", _LINK.sub(r"\1", text))


def _unfenced(text: str) -> list[str]:
    """Return the lines of a text of Zulip outside of quoting fences, and without the line that says who is quoted."""
    kept: list[str] = []
    # Fences open here, outermost first, with whether they quote and whether others may stand inside.
    fences: list[tuple[str, bool, bool]] = []
    for line in text.split("\n"):
        match = _ZULIP_FENCE.match(line)
        if match and fences and line.strip() == fences[-1][0]:
            _, quotes, _ = fences.pop()
            closes = not quotes
        elif match and (not fences or fences[-1][2]):
            quotes = match[2].lower() == "quote"
            if quotes and kept and not any(fence[1] for fence in fences) and _SAID.match(kept[-1]):
                kept.pop()
            fences.append((match[1], quotes, quotes or match[2].lower() == "spoiler"))
            closes = not quotes
        else:
            closes = True
        if closes and not any(fence[1] for fence in fences):
            kept.append(line)
    return kept
