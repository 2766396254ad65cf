"""Minutes and notes in Markdown or plain text: one message a bullet or paragraph, its headings as section."""

from __future__ import annotations

import re
from collections.abc import Iterator

from textsignals.errors import InputError
from textsignals.readers.base import MARKS_16, FileLog, Options, decode
from textsignals.readers.documents import markdown
from textsignals.readers.documents.blocks import first_line, messages
from textsignals.readers.sources import Folder, Source
from textsignals.records import Message

NAME = "notes"

_ENDINGS = {".md": 0.5, ".markdown": 0.5, ".txt": 0.4, ".text": 0.4}
_MARKDOWN_ENDINGS = (".md", ".markdown", "")
_HEADING = re.compile(r"^#{1,6}\s", re.MULTILINE)
_BULLET = re.compile(r"^\s*[-*+]\s", re.MULTILINE)
_TITLE = re.compile(r"^title:[ \t]*[\"']?([^\"'\r\n]{1,200})", re.MULTILINE | re.IGNORECASE)
# "[2026-01-05, 12:00:01] Ana: ...", "12/9/20, 23:55 - Ana: ...", "[12:18] <ana> ...", "00:05:41<TAB>Ana:<TAB>..."
_CHAT_LINE = re.compile(
    r"[^\w\s]{0,3}(?=[^:]{0,14}\d:\d\d)\d[\d\s.,/:T+apmAPM\u202f-]{3,32}[\]\s-]\s*"
    r"(?:<[^<>\s]{1,40}>|[^\W\d][^:\n<>]{0,40}:(?=\s|$))"
)
_CUE_LINE = re.compile(r"\s*[\d:.,]{5,14}\s*-->\s*[\d:.,]{5,14}")
_FEW_CHAT_LINES = 5


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is a note: any text that decodes may be one, marks and endings add to it."""
    if isinstance(source, Folder):
        return 0.0
    head = source.head()
    if b"\x00" in head and head[:2] not in MARKS_16:
        return 0.0
    sure = _ENDINGS.get(source.path.suffix.lower(), 0.0)
    text = head.decode("utf-8", errors="replace")
    if not sure and (source.path.suffix or text.count("\ufffd") > len(text) / 50):
        return 0.0
    return 0.1 + sure + 0.05 * bool(_HEADING.search(text)) + 0.05 * bool(_BULLET.search(text))


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the bullets, paragraphs and action items of a note, in order, dated by heading, title or file name."""
    assert isinstance(source, Source)
    text = decode(source.read(), log)
    _refuse_logs(text, log)
    _count(text, log)
    about, blocks = markdown.document(text, markdown=source.path.suffix.lower() in _MARKDOWN_ENDINGS)
    named = _TITLE.search(about)
    title = first_line(blocks, named.group(1).strip() if named else source.path.stem)
    yield from messages(NAME, source, title, blocks, log, options, front=about)


def _refuse_logs(text: str, log: FileLog) -> None:
    """Raise InputError for chats and transcripts: read as a note, what several people said would be one voice."""
    lines = [line for line in text.splitlines() if line.strip()]
    said, cues = sum(map(bool, map(_CHAT_LINE.match, lines))), sum(map(bool, map(_CUE_LINE.match, lines)))
    if (said >= _FEW_CHAT_LINES and said > len(lines) / 3) or cues > 1:
        hint = "bring it as a table with the columns date, author, text"
        raise InputError(log.file, "looks like a chat or transcript of a format that is not read yet", hint=hint)


def _count(text: str, log: FileLog) -> None:
    lines = text.splitlines()
    log.details["lines"] = len(lines)
    log.details["headings"] = len(_HEADING.findall(text))
    log.details["bullets"] = sum(bool(_BULLET.match(line)) for line in lines)
    log.details["words"] = len(text.split())
