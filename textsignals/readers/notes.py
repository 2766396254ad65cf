"""Minutes and notes in Markdown or plain text: one message a bullet or paragraph, its headings as section."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from markdown_it import MarkdownIt
from markdown_it.token import Token

from textsignals.errors import InputError
from textsignals.readers.base import (
    FileLog,
    Folder,
    Options,
    Source,
    clip,
    date_in_name,
    decode,
    impossible,
    start_of,
)
from textsignals.records import Message

NAME = "notes"

_ENDINGS = {".md": 0.6, ".markdown": 0.6, ".txt": 0.5, ".text": 0.5}
_HEADING = re.compile(r"^#{1,6}\s", re.MULTILINE)
_BULLET = re.compile(r"^\s*[-*+]\s", re.MULTILINE)
_TASK = re.compile(r"^\[([ xX])\]\s+")
_FRONT_MATTER = re.compile(r"\A---\r?\n.*?\n---\r?\n", re.DOTALL)
# Names and attendance carry no sentence about work: "Present", "Attendees", "Participants", "Invited", "Regrets".
_ATTENDANCE = re.compile(
    r"\b(?:attend(?:ees|ance|ing)|participants|present|invited|regrets|apologies|absent|observers)\b", re.I
)
_HANDLES = re.compile(r"(?:@[\w-]+[\s,]*)+")
_LABEL_LINE = re.compile(
    r"^(?:\*\*)?(?:lead|notetaker|note taker|scribe|recording|chair|facilitator|moderator|date|time|location|zoom|link"
    r"|agenda)s?:",
    re.I,
)
_SPEAKER = re.compile(r"^(?:\*\*)?@?([A-Z][\w.'-]*(?: [A-Z][\w.'-]*){0,2})(?:\*\*)?:(?:\*\*)?\s+(?=\S)")
# "[2026-01-05, 12:00:01] Ana: ...", "12/9/20, 23:55 - Ana: ...", "[12:18] <ana> ...", "00:05:41<TAB>Ana:<TAB>..."
_CHAT_LINE = re.compile(
    r"[^\w\s]{0,3}(?=[^:]{0,14}\d:\d\d)\d[\d\s.,/:T+apmAPM\u202f-]{3,32}[\]\s-]\s*"
    r"(?:<[^<>\s]{1,40}>|[^\W\d][^:\n<>]{0,40}:(?=\s|$))"
)
_CUE_LINE = re.compile(r"\s*[\d:.,]{5,14}\s*-->\s*[\d:.,]{5,14}")
_FEW_CHAT_LINES = 5
_MONTHS = "january february march april may june july august september october november december".split()
_MONTHS_SHORT = [name[:3] for name in _MONTHS]
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS).replace("sep(?:", "sep(?:t|")
_DAY_OF_MONTH = r"(\d{1,2})(?:st|nd|rd|th)?"
_WRITTEN_DATE = re.compile(
    rf"\b(?:{_DAY_OF_MONTH}\s+)?({_MONTH})\.?\s+(?:{_DAY_OF_MONTH},?\s+)?((?:19|20)\d\d)\b", re.IGNORECASE
)
_ISO_DATE = re.compile(r"\b((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})\b")

# Editors wrap at 72 to 80 characters, at a blank before it.
_WRAPPED_CHARS = 55
# Its own limit of 20 drops what stands deeper without a word; a list takes two levels.
_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table")


@dataclass(frozen=True, slots=True)
class _Block:
    line: int
    kind: str
    text: str
    section: str
    listed: bool


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is a note: any text that decodes may be one, marks and endings add to it."""
    if isinstance(source, Folder):
        return 0.0
    head = source.head()
    if b"\x00" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return 0.0
    sure = _ENDINGS.get(source.path.suffix.lower(), 0.0)
    text = head.decode("utf-8", errors="replace")
    if not sure and (source.path.suffix or text.count("\ufffd") > len(text) / 50):
        return 0.0
    return 0.1 + sure + 0.1 * bool(_HEADING.search(text)) + 0.1 * bool(_BULLET.search(text))


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the bullets, paragraphs and action items of a note, in order, dated by heading, title or file name."""
    assert isinstance(source, Source)
    text = decode(source.read(), log)
    _refuse_logs(text, log)
    _count(text, log)
    front = _FRONT_MATTER.match(text)
    # Blank lines in its stead, so that lines keep their numbers.
    body = "\n" * front.group(0).count("\n") + text[front.end() :] if front else text
    title = next((line.lstrip("# ").strip() for line in body.splitlines() if line.strip()), source.path.stem)
    of_file = _day_of_file(source, title, front.group(0) if front else "")
    blocks = list(_blocks(body))
    speakers = _speakers(blocks)
    for block in blocks:
        log.met()
        reason = _left_out(block)
        if reason:
            log.skip(reason)
            continue
        moment, origin = _moment(block, of_file, options)
        problem = impossible(moment) if moment else ""
        if problem:
            log.quarantine(f"line {block.line}", problem, "mend the date in the name or heading")
            continue
        if moment is None:
            log.assume("no date: neither the file name nor a heading holds one (such as 2026-02-19)")
        yield _message(block, title, moment, origin, speakers, source, log)


def _day_of_file(source: Source, title: str, front: str) -> tuple[date | None, str]:
    """Return the day of a whole note and where it stands: the name of the file, else its title or front matter."""
    named = date_in_name(source.path)
    if named:
        return named, "filename"
    written = _date_in_text(title) or _date_in_text(front)
    return written, "document" if written else "none"


def _moment(block: _Block, of_file: tuple[date | None, str], options: Options) -> tuple[datetime | None, str]:
    heading = _date_in_text(block.section)
    day, origin = (heading, "heading") if heading else of_file
    return (start_of(day, options) if day else None), origin


def _message(
    block: _Block,
    title: str,
    moment: datetime | None,
    origin: str,
    speakers: set[str],
    source: Source,
    log: FileLog,
) -> Message:
    opener = None if block.listed else _SPEAKER.match(block.text)
    speaker = opener if opener and opener.group(1) in speakers else None
    return Message(
        id=f"notes:{source.path}:{block.line}",
        source=NAME,
        file=source.name,
        locator=f"line {block.line}",
        kind="action_item" if block.kind == "task" else "note",
        text=clip(block.text[speaker.end() :] if speaker else block.text, log),
        author=speaker.group(1) if speaker else None,
        channel=title,
        timestamp=moment,
        time_source=origin,
        time_precision="day" if moment else "none",
        section=block.section or None,
    )


def _speakers(blocks: list[_Block]) -> set[str]:
    """Return the names before a colon that open several paragraphs, as in minutes of who said what.

    In lists, and if it comes once or alone, it is an owner or a label ("Problem: ...") and belongs to the sentence.
    """
    openers = Counter(match.group(1) for b in blocks if not b.listed and (match := _SPEAKER.match(b.text)))
    names = {name for name, n in openers.items() if n > 1}
    return names if len(names) > 1 else set()


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


def _left_out(block: _Block) -> str:
    if block.kind == "code":
        return "code block"
    if block.kind == "heading":
        return "heading"
    if block.kind == "quote":
        return "quote"
    if not re.search(r"[^\W\d_]{2}", re.sub(r"https?://\S+", "", block.text)):
        return "empty"
    # Some minutes go on below the list of names without a new heading: whole sentences stay, ticked names do not.
    listed = bool(_ATTENDANCE.search(block.section)) and (block.kind == "task" or len(block.text.split()) <= 8)
    if listed or _ATTENDANCE.match(block.text) or _HANDLES.fullmatch(block.text):
        return "attendance"
    return "label" if _LABEL_LINE.match(block.text) else ""


def _blocks(body: str) -> Iterator[_Block]:
    """Yield the leaf blocks of a note with their line, kind and path of headings."""
    headings: list[tuple[int, str]] = []
    quotes = lists = 0
    tokens = _MARKDOWN.parse(body)
    for i, token in enumerate(tokens):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        lists += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        section = " > ".join(name for _, name in headings)
        if token.type in ("fence", "code_block", "html_block"):
            yield _Block(_line(token), "code", token.content, section, lists > 0)
        elif token.type == "inline":
            opener = tokens[i - 1].type
            text = _plain(token)
            if opener == "heading_open":
                level = int(tokens[i - 1].tag[1])
                headings = [*((at, name) for at, name in headings if at < level), (level, text)]
                yield _Block(_line(token), "heading", text, section, False)
            else:
                task = _TASK.match(text)
                kind = "quote" if quotes else "task" if task else "note"
                yield _Block(_line(token), kind, text[task.end() :] if task else text, section, lists > 0)


def _line(token: Token) -> int:
    return (token.map[0] if token.map else 0) + 1


def _plain(token: Token) -> str:
    """Return inline text without marks: links as their label, code kept.

    A line that stops well before the margin ends what it says; a full one was wrapped and goes on.
    """
    text = line = ""
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak"):
            text += line + (" " if len(line) >= _WRAPPED_CHARS else "\n")
            line = ""
        elif child.type in ("text", "code_inline"):
            line += child.content
    return (text + line).strip()


def _date_in_text(text: str) -> date | None:
    """Return the first full date in a heading or title.

    >>> _date_in_text("Weekly sync, Oct 21, 2019")
    datetime.date(2019, 10, 21)
    """
    for year, month, day in _ISO_DATE.findall(text):
        found = _valid(int(year), int(month), int(day))
        if found:
            return found
    for before, month, after, year in _WRITTEN_DATE.findall(text):
        found = _valid(int(year), 1 + _MONTHS_SHORT.index(month[:3].lower()), int(before or after or 0))
        if found:
            return found
    return None


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
