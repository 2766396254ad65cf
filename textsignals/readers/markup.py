"""HTML and Markdown of messages as the plain text people saw."""

from __future__ import annotations

import html
import re
from typing import Any

_BLOCKS = frozenset(
    "address article aside blockquote br dd details div dl dt figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr"
    " li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_HIDDEN = frozenset("head noscript script style template title".split())


def plain(markup: str, *, without: frozenset[str] = frozenset()) -> str:
    """Return the text of a piece of HTML, blocks on lines of their own, without scripts and the tags in `without`.

    >>> plain("<p>We <b>agreed</b>&nbsp;&amp; left</p><ul><li>on time</li></ul>")
    'We agreed & left\\non time'
    >>> plain("<blockquote>their words</blockquote>mine", without=frozenset({"blockquote"}))
    'mine'
    """
    if "<" not in markup:
        return _tidy(html.unescape(markup))
    # The parser of libxml2 is linear in whatever it is given; that of the standard library is not.
    from lxml import etree

    parser = etree.HTMLParser(encoding="utf-8", recover=True, no_network=True)
    root = etree.fromstring(markup.encode("utf-8", "replace"), parser)
    if root is None:
        return ""
    hidden_tags, hidden, parts = _HIDDEN | without, 0, list[str]()
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            hidden += node.tag in hidden_tags
            if not hidden:
                parts += ["\n" if node.tag in _BLOCKS else "", _shown(node), node.text or ""]
        else:
            if event == "end" and node.tag in _BLOCKS and not hidden:
                parts.append("\n")
            hidden -= event == "end" and node.tag in hidden_tags
            if not hidden:
                parts.append(node.tail or "")
    return _tidy("".join(parts))


def _shown(node: Any) -> str:
    """Return the words that stand for a picture."""
    return str(node.get("alt") or "") if node.tag in ("emoji", "img") else ""


def _tidy(text: str) -> str:
    lines = (re.sub(r"[ \t\r\f\v\xa0]+", " ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
