"""Files of HTML: their charset, pages wrapped in a mail, and what their title is."""

from __future__ import annotations

import codecs
import email
import email.policy
import re

from textsignals.errors import InputError
from textsignals.readers.base import MARKS_16, FileLog, decode
from textsignals.readers.documents.blocks import first_line
from textsignals.readers.documents.hypertext import Page
from textsignals.readers.sources import Source

_CHARSET = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_SAVED = re.compile(rb"^(?:Content-Type:\s*multipart/related|Subject: Exported From Confluence)", re.MULTILINE | re.I)
# Images inside of pages take most of these; text alone is never as long.
MAX_BYTES = 128 * 2**20


def parse(source: Source, log: FileLog) -> Page:
    """Return a page with its blocks; raises InputError if the file is no text or far too large."""
    if source.size > MAX_BYTES:
        raise InputError(source.name, f"is over {MAX_BYTES:,} bytes", hint="save it without its images")
    data = source.read()
    if is_wrapped(data[:65536]):
        data = _unwrapped(data)
    page = Page(_text(data, log))
    log.details["paragraphs"] += page.tags["p"]
    log.details["bullets"] += page.tags["li"]
    log.details["headings"] += sum(page.tags[f"h{level}"] for level in range(1, 7))
    log.details["table rows"] += page.tags["tr"]
    log.details["images"] += page.images
    log.details["words"] += sum(len(f"{block.author or ''} {block.text}".split()) for block in page.blocks)
    return page


def title_of(page: Page, otherwise: str) -> str:
    """Return the title of a page: its first heading, else what its head says, without the space of a wiki before it."""
    named = " ".join(page.title.split())
    title = first_line(page.blocks, named or otherwise)
    # Confluence writes "Space : Page" there.
    space, sign, rest = title.partition(" : ")
    return rest if sign and space and named == title else title


def is_wrapped(head: bytes) -> bool:
    """Return whether a page was saved as one mail with its images, as Confluence writes its "Word" files."""
    return bool(_SAVED.search(head[:8192])) and b"text/html" in head and not head.lstrip().startswith(b"<")


def _unwrapped(data: bytes) -> bytes:
    for part in email.message_from_bytes(data, policy=email.policy.compat32).walk():
        if part.get_content_type() == "text/html":
            found = part.get_payload(decode=True)
            return found if isinstance(found, bytes) else b""
    return b""


def _text(data: bytes, log: FileLog) -> str:
    """Return the text of a page: by its mark, else by the charset it names, else as any other text."""
    named = _CHARSET.search(data[:8192])
    if named is None or data[:2] in MARKS_16 or data.startswith(b"\xef\xbb\xbf"):
        return decode(data, log)
    try:
        name = codecs.lookup(named.group(1).decode("ascii")).name
        # Browsers read Latin-1 as Windows-1252; a page that names UTF-16 in single bytes is not UTF-16.
        name = "cp1252" if name in ("iso8859-1", "ascii") else name
        if name.startswith("utf") or b"\x00" in data:
            return decode(data, log)
        text = data.decode(name, errors="replace")
    except (LookupError, ValueError):
        # No such charset, or one that is no charset, such as "hex".
        return decode(data, log)
    log.broken_bytes = log.broken_bytes or "\ufffd" in text
    return text
