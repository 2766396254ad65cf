"""PDF: the text of its pages as paragraphs, bullets and headings, put together from lines by where they stand."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from statistics import median
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options
from textsignals.readers.documents.blocks import Block, Outline, first_line, has_words, messages
from textsignals.readers.documents.speakers import turns
from textsignals.readers.sources import Folder, Source
from textsignals.records import Message

NAME = "pdf"

_MARK = b"%PDF-"
# Above any minutes; each page takes some hundredths of a second.
MAX_BYTES = 256 * 2**20
MAX_PAGES = 2_000
# Maps and charts draw some hundred thousand times, but use few forms; forms that draw each other explode.
MAX_OPERATIONS = 500_000
MAX_FORMS = 1_000
# What is drawn takes two seconds a megabyte, and pages may share it: so much for any file, and so much more for each
# of its own bytes, which are packed to a fourth or less.
MAX_CONTENT_BYTES = 4 * 2**20
_CONTENT_PER_BYTE = 4
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_TIDY = str.maketrans(
    _LIGATURES | dict.fromkeys((0xA0, 0x2007, 0x202F, 0x09), " ") | dict.fromkeys((0xAD, 0x200B), None)
)
_BULLET = re.compile(
    r"^(?:[•◦▪▫‣●○■□◆❖➢➤⁃∙·✓✔–—*\uf0a7\uf0b7\uf0d8\uf0fc\u25aa\u2043]|-(?=\s)|o(?=\s)|(?:\d{1,2}|[a-z])[.)](?=\s))\s*"
)
_PAGE_NUMBER = re.compile(r"^(?:page|seite|p\.)?\s*\d{1,4}(?:\s*(?:of|von|/|-)\s*\d{1,4})?$", re.IGNORECASE)
_ENDS = re.compile(r"[.!?:;…]['\")\]”’]?$")
_HYPHEN = re.compile(r"([^\W\d_]+)-$")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_PDF_DATE = re.compile(r"D:(\d{4})(\d\d)(\d\d)(\d\d)?(\d\d)?")
# In parts of the size of the letters.
_SAME_LINE = 0.5
_NEW_CELL = 3.0
_LETTER_WIDTH = 0.5
_LARGE = 1.07
# Up to here larger letters may be a lead or a quote, unless the line ends like a heading.
_CLEARLY_LARGE = 1.2
# In parts of the usual distance of lines.
_NEW_PARAGRAPH = 1.35
_HEADING_WORDS = 12
_EDGE_LINES = 2
_EDGE_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class _Piece:
    """Text that was drawn at once: where it begins, how large, whether bold; `breaks` if a break came before it."""

    text: str
    x: float
    y: float
    size: float
    bold: bool
    breaks: bool
    turned: bool = False


@dataclass(frozen=True, slots=True)
class _Line:
    page: int
    text: str
    x: float
    y: float
    size: float
    end: float
    bold: bool
    turned: bool = False


class _TooMuchError(Exception):
    """A page draws more than any page does, or pages together more than a file of that size holds."""


class _Budget:
    """How many bytes of content may still be read from a file: a limit that is the same on any machine."""

    def __init__(self, size: int) -> None:
        self._left = MAX_CONTENT_BYTES + _CONTENT_PER_BYTE * size

    def spend(self, size: int) -> None:
        """Take something off; what is too large is not read, and only unpacking it is paid for."""
        is_enough = size <= self._left
        self._left -= size if is_enough else 1 + size // 20
        if not is_enough:
            raise _TooMuchError


def sniff(source: Source | Folder) -> float:
    """Return 1.0 for a file that begins with the mark of PDF; programs put up to 1 kB before it."""
    if isinstance(source, Folder):
        return 0.0
    return 1.0 if _MARK in source.head()[:1024] else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the paragraphs, bullets and comments of a PDF, page by page; a page that is damaged is quarantined."""
    assert isinstance(source, Source)
    lines, remarks = _pages(source, log)
    blocks = turns([*_blocks(lines), *remarks])
    yield from messages(NAME, source, first_line(blocks, source.path.stem), blocks, log, options)


# The pages


def _pages(source: Source, log: FileLog) -> tuple[list[_Line], list[Block]]:
    """Return the lines of all pages in the order in which they were drawn, and the comments on them."""
    if source.size > MAX_BYTES:
        raise InputError(source.name, f"is over {MAX_BYTES:,} bytes", hint="save it without its images")
    data = source.read()
    lines: list[_Line] = []
    remarks: list[Block] = []
    blank = 0
    budget = _Budget(len(data))
    with _quiet():
        reader = _open(data, source)
        for number, page in enumerate(_each(reader, source), start=1):
            log.details["pages"] += 1
            try:
                found = list(_lines(_pieces(page, budget), number))
            except Exception as error:  # pypdf raises what the bytes provoke
                log.met()
                problem = "draws too much for a page" if isinstance(error, _TooMuchError) else "cannot be read"
                log.quarantine(f"page {number}", f"{problem} ({type(error).__name__})", "print it to a new PDF")
                continue
            blank += not any(has_words(line.text) for line in found)
            lines += found
            remarks += _remarks(page, number, log)
    log.details["words"] += sum(len(line.text.split()) for line in lines)
    if blank and not any(has_words(line.text) for line in lines) and not remarks and not log.quarantined:
        hint = "text in pictures is not read (no OCR): run it through a program that recognises text"
        raise InputError(source.name, "holds no text, only pictures of it or nothing", hint=hint)
    if blank:
        log.details["pages without text"] += blank
        log.assume(f"pages without text, such as scans, are not read: {blank}")
    return lines, remarks


def _open(data: bytes, source: Source) -> Any:
    """Return the reader of a PDF; raises InputError if it is damaged or needs a password."""
    from pypdf import PdfReader
    from pypdf.errors import DependencyError

    try:
        reader = PdfReader(BytesIO(data), strict=False)
        # Many are locked only against changes; those open with an empty password.
        is_locked = reader.is_encrypted and not reader.decrypt("")
    except DependencyError as error:
        hint = "print it to a new PDF without protection"
        raise InputError(source.name, "is encrypted in a way that is not supported", hint=hint) from error
    except Exception as error:  # pypdf raises what the bytes provoke
        raise _damaged(source, error) from error
    if is_locked:
        raise InputError(source.name, "is protected with a password", hint="save it without the password")
    return reader


def _each(reader: Any, source: Source) -> Iterator[Any]:
    try:
        count = len(reader.pages)
    except Exception as error:  # pypdf raises what the bytes provoke
        raise _damaged(source, error) from error
    if count > MAX_PAGES:
        raise InputError(source.name, f"has over {MAX_PAGES:,} pages", hint="split it")
    if not count:
        raise InputError(source.name, "has no pages", hint="copy or export it again")
    for i in range(count):
        try:
            page = reader.pages[i]
        except Exception:  # pypdf raises what the bytes provoke
            page = None
        yield page


def _damaged(source: Source, error: Exception) -> InputError:
    return InputError(source.name, f"is no complete PDF ({type(error).__name__})", hint="copy or export it again")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pypdf from warning on standard error of each oddity; what matters is in the account."""
    logger, nowhere = logging.getLogger("pypdf"), logging.NullHandler()
    before = logger.propagate
    logger.addHandler(nowhere)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(nowhere)
        logger.propagate = before


def _pieces(page: Any, budget: _Budget) -> list[_Piece]:
    """Return what a page draws, piece by piece, in the order of drawing, which programs keep to that of reading."""
    budget.spend(0)
    contents = page.get_contents()
    budget.spend(len(contents.get_data()) if contents is not None else 0)
    sizes = _form_sizes(page)
    pieces: list[_Piece] = []
    operations = forms = 0
    breaks = True

    def count(operator: bytes, operands: Sequence[Any], *_: Any) -> None:
        nonlocal operations, forms
        operations += 1
        if operator == b"Do":
            forms += 1
            budget.spend(sizes.get(str(operands[0]), 0) if operands else 0)
        if operations > MAX_OPERATIONS or forms > MAX_FORMS:
            raise _TooMuchError

    def take(text: str, outer: Sequence[float], inner: Sequence[float], font: Any, size: float) -> None:
        nonlocal breaks
        for i, part in enumerate(text.translate(_TIDY).split("\n")):
            breaks = breaks or i > 0
            if not part:
                continue
            x = inner[4] * outer[0] + inner[5] * outer[2] + outer[4]
            y = inner[4] * outer[1] + inner[5] * outer[3] + outer[5]
            across, up = inner[0] * outer[0] + inner[1] * outer[2], inner[0] * outer[1] + inner[1] * outer[3]
            scale = (across**2 + up**2) ** 0.5 or 1.0
            name = str((font or {}).get("/BaseFont", "")) if hasattr(font, "get") or font is None else ""
            bold = "bold" in name.lower() or "black" in name.lower()
            pieces.append(_Piece(part, x, y, abs(size) * scale or 1.0, bold, breaks, abs(up) > abs(across)))
            breaks = False

    page.extract_text(visitor_text=take, visitor_operand_before=count)
    return pieces


def _form_sizes(page: Any) -> dict[str, int]:
    """Return the size of the forms that a page and its forms can draw, by name; of two with one name, the larger."""
    sizes: dict[str, int] = {}
    seen: dict[int, int] = {}
    waiting = [page]
    while waiting and len(seen) <= MAX_FORMS:
        try:
            forms = waiting.pop()["/Resources"]["/XObject"].items()
        except Exception:  # most pages have none; pypdf raises what the bytes provoke
            continue
        for name, reference in forms:
            try:
                form = reference.get_object()
                if form["/Subtype"] != "/Form":
                    continue
                if id(form) not in seen:
                    seen[id(form)] = len(form.get_data())
                    waiting.append(form)
            except Exception:  # pypdf raises what the bytes provoke
                continue
            sizes[str(name)] = max(sizes.get(str(name), 0), seen[id(form)])
    return sizes


def _lines(pieces: Sequence[_Piece], page: int) -> Iterator[_Line]:
    """Yield the lines of a page: neighbours on one height are one line, whatever programs draw word by word."""
    parts: list[_Piece] = []
    text, end = "", 0.0
    for piece in pieces:
        if parts and _goes_on(parts, piece, end):
            is_apart = piece.breaks or text.endswith(" ") or piece.text.startswith(" ")
            text = (
                f"{text.rstrip()} {piece.text.lstrip()}" if is_apart and not piece.text.isspace() else text + piece.text
            )
        elif piece.text.isspace():
            continue
        else:
            if text.strip():
                yield _line(parts, text, end, page)
            parts, text = [], piece.text
        parts.append(piece)
        end = max(end if len(parts) > 1 else 0.0, piece.x + len(piece.text) * piece.size * _LETTER_WIDTH)
    if text.strip():
        yield _line(parts, text, end, page)


def _goes_on(parts: Sequence[_Piece], piece: _Piece, end: float) -> bool:
    before = parts[-1]
    size = max(before.size, piece.size, parts[0].size)
    if before.turned != piece.turned:
        return False
    on_line = min(abs(piece.y - before.y), abs(piece.y - parts[0].y)) <= size * _SAME_LINE
    if not on_line:
        return False
    # The width is a guess, and more so the longer the text is.
    is_near = piece.x - end < size * _NEW_CELL + 0.35 * (end - parts[0].x)
    return is_near and (not piece.breaks or before.x <= piece.x + size)


def _line(parts: Sequence[_Piece], text: str, end: float, page: int) -> _Line:
    first = parts[0]
    size = max(parts, key=lambda piece: len(piece.text)).size
    bold = all(piece.bold for piece in parts if piece.text.strip())
    y = next((piece.y for piece in parts if piece.size >= 0.8 * size), first.y)
    return _Line(page, " ".join(text.split()), first.x, y, size, end, bold, all(piece.turned for piece in parts))


def _remarks(page: Any, number: int, log: FileLog) -> list[Block]:
    """Return the comments that readers of the PDF put on a page."""
    found = []
    try:
        annotations = list(page.get("/Annots") or ())[:10_000]
        for reference in annotations:
            note = reference.get_object()
            text = note.get("/Contents")
            if note.get("/Subtype") not in ("/Text", "/FreeText", "/Highlight", "/Underline", "/StrikeOut") or not text:
                continue
            log.details["comments"] += 1
            author = str(note.get("/T") or "").strip() or None
            moment = _moment(str(note.get("/M") or note.get("/CreationDate") or ""))
            said = " ".join(str(text).split())
            found.append(Block(f"page {number}, comment", "comment", said, author=author, moment=moment))
    except Exception:  # pypdf raises what the bytes provoke
        log.assume("some comments cannot be read")
    return found


def _moment(written: str) -> datetime | None:
    match = _PDF_DATE.match(written)
    if match is None:
        return None
    year, month, day, hour, minute = (int(part or 0) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None


# From lines to blocks


def _blocks(lines: Sequence[_Line]) -> Iterator[Block]:
    """Yield headings, paragraphs and bullets; what is repeated at the edges of pages is left out."""
    body: list[_Line] = []
    edges = _edges(lines)
    outline = Outline()
    repeated = [line for i, line in enumerate(lines) if i in edges or line.turned]
    kept = [line for i, line in enumerate(lines) if i not in edges and not line.turned]
    size = _usual_size(kept)
    levels = {
        large: i + 1 for i, large in enumerate(sorted({round(x.size, 1) for x in kept if x.size > size * _LARGE})[::-1])
    }
    leading = _leading(kept)
    words = Counter(word.lower() for line in kept for word in _WORD.findall(line.text))
    margin = _margins(kept)
    for line in kept:
        level = _heading_level(line, size, levels)
        before = _heading_level(body[-1], size, levels) if body else 0
        is_heading = level or before
        begins = level != before or not _is_next(body[-1], line) if is_heading and body else None
        if body and (_begins(body, line, leading, margin, size) if begins is None else begins):
            yield _paragraph(body, outline, words, size, levels)
            body = []
        body.append(line)
    if body:
        yield _paragraph(body, outline, words, size, levels)
    for line in repeated:
        yield Block(f"page {line.page}", "note", line.text, skip="page header")


def _is_next(before: _Line, line: _Line) -> bool:
    """Return whether a line of a heading stands close below the one before and goes on with it."""
    gap = before.y - line.y
    is_close = before.page == line.page and 0 < gap < 1.6 * max(before.size, line.size) and before.bold == line.bold
    return is_close and not line.text[:1].isdigit() and abs(before.size - line.size) < 0.1


def _edges(lines: Sequence[_Line]) -> set[int]:
    """Return the places of lines at the top or bottom of pages that come again on most pages, and page numbers."""
    pages: dict[int, list[int]] = {}
    for i, line in enumerate(lines):
        if not line.turned:
            pages.setdefault(line.page, []).append(i)
    at_edge: dict[int, str] = {}
    for places in pages.values():
        by_height = sorted(places, key=lambda i: -lines[i].y)
        for where, some in (("top", by_height[:_EDGE_LINES]), ("bottom", by_height[-_EDGE_LINES:])):
            for i in some:
                at_edge.setdefault(i, f"{where} {re.sub(r'[0-9]+', '#', lines[i].text)}")
    times = Counter(at_edge.values())
    often = max(2, _EDGE_SHARE * len(pages))
    return {i for i, text in at_edge.items() if times[text] >= often or _PAGE_NUMBER.match(lines[i].text)}


def _usual_size(lines: Sequence[_Line]) -> float:
    """Return the size in which most letters are set."""
    sizes = Counter[float]()
    for line in lines:
        sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 1.0


def _leading(lines: Sequence[_Line]) -> float:
    """Return the usual distance of two lines of a paragraph."""
    gaps = [a.y - b.y for a, b in pairwise(lines) if a.page == b.page and 0 < a.y - b.y < 4 * a.size]
    tight = sorted(gaps)[: max(1, len(gaps) * 3 // 4)]
    return median(tight) if tight else 0.0


def _margins(lines: Sequence[_Line]) -> float:
    """Return where long lines end, as a width from their start."""
    widths = sorted(line.end - line.x for line in lines)
    return widths[len(widths) * 9 // 10] if widths else 0.0


def _heading_level(line: _Line, size: float, levels: dict[float, int]) -> int:
    """Return the level of a heading: larger than the text, or bold as a whole, and short; 0 for other lines."""
    words = line.text.split()
    if (
        len(words) > _HEADING_WORDS
        or not has_words(line.text)
        or (_BULLET.match(line.text) and not line.text[0].isdigit())
    ):
        return 0
    is_open = line.text.endswith((".", ",", ":", ";"))
    if round(line.size, 1) in levels and not (is_open and line.size < size * _CLEARLY_LARGE):
        return levels[round(line.size, 1)]
    if line.bold and line.size >= size * 0.95 and not is_open:
        return len(levels) + 1
    return 0


def _begins(body: Sequence[_Line], line: _Line, leading: float, margin: float, size: float) -> bool:
    """Return whether a line begins a new paragraph after the lines of one."""
    before = body[-1]
    if _BULLET.match(line.text):
        return True
    if before.page != line.page or line.y > before.y + before.size * _SAME_LINE:
        # A new page or column: a sentence may go on there.
        return bool(_ENDS.search(before.text)) or not (line.text[:1].islower() or _HYPHEN.search(before.text))
    gap = before.y - line.y
    if abs(line.size - before.size) > 0.15 * before.size and gap > leading * 0.5:
        return True
    if leading and gap > leading * _NEW_PARAGRAPH:
        return True
    if gap <= before.size * _SAME_LINE:
        # Beside it, at a distance: another cell.
        return True
    short = before.end - before.x < 0.6 * margin
    if _ENDS.search(before.text):
        indent = line.x - min(each.x for each in body[1:] or body)
        return short or (len(body) > 1 and indent > size * 0.8)
    # A short line without an end is an entry of its own, unless a bullet is alone on it.
    return short and not _BULLET.fullmatch(before.text) and line.text[:1].isupper()


def _paragraph(
    body: Sequence[_Line], outline: Outline, words: Counter[str], size: float, levels: dict[float, int]
) -> Block:
    place, section = f"page {body[0].page}", outline.path
    text = _joined(body, words)
    level = _heading_level(body[0], size, levels)
    bullet = _BULLET.match(text)
    if level and not (bullet and not text[0].isdigit()):
        outline.enter(level, text)
        return Block(place, "heading", text, section)
    if bullet and bullet.end() < len(text):
        return Block(place, "note", text[bullet.end() :], section, 1)
    return Block(place, "note", text, section)


def _joined(body: Sequence[_Line], words: Counter[str]) -> str:
    """Return lines as one text; a word that was cut at the margin is put together again."""
    text = body[0].text
    for line in body[1:]:
        cut, rest = _HYPHEN.search(text), _WORD.match(line.text)
        if cut and rest and rest.group(0)[0].islower():
            with_hyphen = f"{cut.group(1)}-{rest.group(0)}".lower()
            # Elsewhere in the text it stands in one line and shows how it is written.
            keeps = words[with_hyphen] > words[with_hyphen.replace("-", "")]
            text = f"{text if keeps else text[:-1]}{line.text}"
        else:
            text = f"{text} {line.text}"
    return text
