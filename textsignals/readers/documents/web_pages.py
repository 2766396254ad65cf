"""Pages saved as HTML: Confluence, Google Docs, Notion, W3C minutes and any other page of notes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from textsignals.readers.base import MARKS_16, FileLog, Options
from textsignals.readers.documents.blocks import messages
from textsignals.readers.documents.page_files import is_wrapped, parse, title_of
from textsignals.readers.documents.speakers import turns
from textsignals.readers.sources import Folder, Source
from textsignals.records import Message

NAME = "html"

_ENDINGS = (".html", ".htm", ".xhtml")
_OPENING = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_TAG = re.compile(rb"<(?:p|div|h[1-6]|ul|ol|table|article|span|meta)\b", re.IGNORECASE)
# Chats that Telegram and exporters of Discord write as pages; as JSON they keep who wrote when.
_CHAT = re.compile(rb"""class=["']?(?:page_wrap|chatlog)""")


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is a page: by its first tags, or by its name and any tag."""
    if isinstance(source, Folder):
        return 0.0
    head = source.head()
    if head[:2] in MARKS_16:
        head = head.replace(b"\x00", b"")[2:]
    if _CHAT.search(head):
        return 0.0
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"<") and _OPENING.search(head[:4096]):
        return 0.9
    if is_wrapped(head):
        return 0.95
    return 0.6 if source.path.suffix.lower() in _ENDINGS and _TAG.search(head) else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the paragraphs, bullets, cells, action items and comments of a page, in order."""
    assert isinstance(source, Source)
    page = parse(source, log)
    title = title_of(page, source.path.stem)
    yield from messages(NAME, source, title, turns(page.blocks), log, options, front=page.title)
