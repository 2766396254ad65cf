"""Word documents: paragraphs, lists, tables, text boxes, footnotes and comments in order, without deleted text."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options
from textsignals.readers.documents.blocks import Block, Outline, first_line, messages
from textsignals.readers.documents.grids import Cell, table
from textsignals.readers.documents.speakers import turns
from textsignals.readers.sources import ZIP_PACKINGS, Folder, Source
from textsignals.records import Message

NAME = "docx"

_ENDINGS = (".docx", ".docm", ".dotx")
_ZIP_MARK = b"PK\x03\x04"
# Word before 2007, and what it makes of a document with a password.
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_RTF_MARK = b"{\\rtf"
# Far above any real document: a thousand pages of text are 20 MB of XML.
MAX_BYTES = 512 * 2**20
MAX_XML_BYTES = 64 * 2**20
_MAX_PARTS = 20_000
# The parts of text and looks beside the document itself, with the name of their first element where it is another.
_BESIDE = re.compile(r"word/(comments|footnotes|endnotes|styles|numbering|settings|header|footer)\d*\.xml")
_ROOTS = {"header": "hdr", "footer": "ftr"}
_TARGET = re.compile(rb'Target="/?(?:word/)?([^"]{1,200})"')
_AGAIN = "open it in Word and save it again"
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# What Word shows as deleted, moved away or only to old programs.
_GONE = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_MC}Fallback", f"{_W}pPr", f"{_W}rubyBase"})
_GROUPS = frozenset({f"{_W}{name}" for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")})
_HEADING_STYLE = re.compile(r"^(?:heading|überschrift|titre|título|kop|rubrik) ?(\d)$", re.IGNORECASE)
_CONTENTS_STYLE = re.compile(r"^toc(?: heading| ?\d)$", re.IGNORECASE)
_QUOTE_STYLE = re.compile(r"^(?:intense )?quote$", re.IGNORECASE)
_CODE_STYLE = re.compile(r"^(?:html preformatted|plain text code|source code|code(?: block)?)$", re.IGNORECASE)
_TASK_BOX = re.compile(r"^(?:[☐☑☒✓✔□■]|\[[ xX]?\])\s*")
_NO_HEADING_LEVEL = 9
# Above all headings, whose first level is 0.
_TITLE_LEVEL = -1
_MAX_DEPTH = 100


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is a Word file, new or old: by its mark and name, or by its first parts."""
    if isinstance(source, Folder):
        return 0.0
    head, ending = source.head(), source.path.suffix.lower()
    if head.startswith(_ZIP_MARK):
        if ending in _ENDINGS:
            return 1.0
        return 0.9 if b"[Content_Types].xml" in head[:4096] and b"word/" in head else 0.0
    if head.startswith(_OLE_MARK):
        return 0.9 if ending in (".doc", *_ENDINGS) or "WordDocument".encode("utf-16-le") in head else 0.0
    return 0.9 if head.startswith(_RTF_MARK) else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield the paragraphs, list items, cells and comments of a document, in order."""
    assert isinstance(source, Source)
    document = _open(source, log)
    try:
        blocks = list(_Body(document, log).blocks())
    except Exception as error:  # parts are parsed as late as here
        raise _damaged(source, error) from error
    title = next((b.text for b in blocks if b.kind == "heading"), "") or first_line(blocks, source.path.stem)
    yield from messages(NAME, source, " ".join(title.split())[:200], turns(blocks), log, options)


def _open(source: Source, log: FileLog) -> Any:
    """Return the document as python-docx opens it; raises InputError for all that is none, or would explode."""
    from docx import Document

    head = source.head()
    if head.startswith(_OLE_MARK):
        # An encrypted document lies in such a file under its new name.
        is_new = source.path.suffix.lower() in _ENDINGS
        problem = "is protected with a password" if is_new else "is of Word before 2007"
        hint = "remove the password" if is_new else "open it and save it as .docx"
        raise InputError(source.name, problem, hint=hint)
    if head.startswith(_RTF_MARK):
        raise InputError(source.name, "is rich text (RTF)", hint="open it and save it as .docx")
    if source.size > MAX_BYTES:
        raise InputError(source.name, f"is over {MAX_BYTES:,} bytes", hint="save it without its images")
    data = source.read()
    try:
        _refuse_bomb(data, source)
        return Document(io.BytesIO(_mended(data, log)))
    except InputError:
        raise
    except Exception as error:  # python-docx and lxml raise what the bytes provoke
        raise _damaged(source, error) from error


def _refuse_bomb(data: bytes, source: Source) -> None:
    """Raise InputError if the parts unpack to far more than documents hold; no part gives more than its size says."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        infos = parts.infolist()
    xml = max((i.file_size for i in infos if i.filename.endswith((".xml", ".rels"))), default=0)
    if any(i.compress_type not in ZIP_PACKINGS for i in infos):
        raise InputError(source.name, "is packed in a way that Word does not use", hint="save it with Word again")
    if sum(i.file_size for i in infos) > MAX_BYTES or xml > MAX_XML_BYTES or len(infos) > _MAX_PARTS:
        raise InputError(source.name, "unpacks to far more than a document holds", hint="not a plain document")


def _mended(data: bytes, log: FileLog) -> bytes:
    """Return a document in which parts beside its text that are damaged or missing are empty; each is quarantined."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        infos = parts.infolist()
        names = {info.filename for info in infos}
        relations = "word/_rels/document.xml.rels"
        targets = _TARGET.findall(parts.read(relations)) if relations in names else []
        wanted = names | {f"word/{target.decode('utf-8', 'replace')}" for target in targets}
        empty = {}
        for name in sorted(wanted):
            kind = _BESIDE.fullmatch(name)
            if kind and (name not in names or not _is_sound(parts, name)):
                root = _ROOTS.get(kind.group(1), kind.group(1))
                empty[name] = f'<w:{root} xmlns:w="{_W[1:-1]}"/>'.encode()
                log.met()
                log.quarantine(name.removeprefix("word/"), "cannot be read, but the text can", _AGAIN)
        if not empty:
            return data
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as mended:
            for name in sorted(names - set(empty)):
                mended.writestr(name, parts.read(name))
            for name, content in empty.items():
                mended.writestr(name, content)
        return out.getvalue()


def _is_sound(parts: zipfile.ZipFile, name: str) -> bool:
    from docx.oxml import parse_xml

    try:
        parse_xml(parts.read(name))
    except Exception:  # zipfile and lxml raise what the bytes provoke
        return False
    return True


def _damaged(source: Source, error: BaseException) -> InputError:
    """Return what is told of a damaged document; what the XML parser says may hold words of it, so it is left out."""
    reason = type(error).__name__
    return InputError(source.name, f"is no complete Word document ({reason})", hint=_AGAIN)


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    level: int
    listed: bool


class _Body:
    """Walks the XML of a document; python-docx opens the package and finds its parts."""

    def __init__(self, document: Any, log: FileLog) -> None:
        self._document, self._log = document, log
        self._styles = _styles(document)
        self._outline = Outline()
        self._count = 0

    def blocks(self) -> Iterator[Block]:
        """Yield the body, then footnotes and comments; headers and footers are counted and left out."""
        yield from self._children(self._document.element.body, 0)
        for kind in ("footnotes", "endnotes"):
            for element in self._part(kind):
                if element.get(f"{_W}type") in (None, "normal"):
                    yield from self._notes(element, kind.removesuffix("s"))
        for number, element in enumerate(self._part("comments"), start=1):
            yield from self._comment(element, number)
        for kind in ("header", "footer"):
            for element in self._parts(kind):
                for paragraph in element.iter(f"{_W}p"):
                    if text := _text(paragraph):
                        yield Block(kind, "note", text, skip="page header")

    def _children(self, parent: Any, depth: int) -> Iterator[Block]:
        if depth > _MAX_DEPTH:
            return
        for element in parent:
            if element.tag == f"{_W}p":
                yield from self._paragraph(element, depth)
            elif element.tag == f"{_W}tbl":
                self._log.details["tables"] += 1
                yield from table(list(self._rows(element, depth)))
            elif element.tag in _GROUPS:
                yield from self._children(element, depth + 1)

    def _paragraph(self, element: Any, depth: int) -> Iterator[Block]:
        text = _text(element)
        if text:
            self._count += 1
            self._log.details["paragraphs"] += 1
            self._log.details["words"] += len(text.split())
            yield self._block(element, text)
        # Text boxes hang on the paragraph beside which they stand.
        for box in _boxes(element):
            yield from self._children(box, depth + 1)

    def _block(self, element: Any, text: str) -> Block:
        style, properties = self._style(element), element.find(f"{_W}pPr")
        place, section = f"paragraph {self._count}", self._outline.path
        level = _number(properties, "outlineLvl", style.level)
        if _CONTENTS_STYLE.match(style.name):
            return Block(place, "heading", text, section, skip="table of contents")
        if level < _NO_HEADING_LEVEL and "\n" not in text:
            self._log.details["headings"] += 1
            self._outline.enter(level, text)
            return Block(place, "heading", text, section)
        depth = _list_depth(properties, style)
        self._log.details["list paragraphs"] += depth > 0
        kind = "quote" if _QUOTE_STYLE.match(style.name) else "code" if _CODE_STYLE.match(style.name) else "note"
        if kind == "note" and (box := _TASK_BOX.match(text)):
            return Block(place, "task", text[box.end() :], section, depth)
        return Block(place, kind, text, section, depth, _lead(element, text))

    def _style(self, element: Any) -> _Style:
        style = element.find(f"{_W}pPr/{_W}pStyle")
        return self._styles.get(style.get(f"{_W}val") if style is not None else None) or _Style("", 9, False)

    def _rows(self, element: Any, depth: int) -> Iterator[list[Cell]]:
        """Yield the cells of each row; what is merged with the cell above or beside it stands there once."""
        for row in _inside(element, "tr"):
            self._log.details["rows"] += 1
            cells: list[Cell] = []
            is_header = row.find(f"{_W}trPr/{_W}tblHeader") is not None
            cells += [Cell() for _ in range(min(50, _number(row.find(f"{_W}trPr"), "gridBefore", 0)))]
            for cell in _inside(row, "tc"):
                properties = cell.find(f"{_W}tcPr")
                merge = properties.find(f"{_W}vMerge") if properties is not None else None
                is_repeat = merge is not None and merge.get(f"{_W}val", "continue") == "continue"
                found = [] if is_repeat else list(self._children(cell, depth + 1))
                cells.append(Cell(found, is_header))
                cells += [Cell(header=is_header) for _ in range(min(50, _number(properties, "gridSpan", 1)) - 1)]
            yield cells

    def _notes(self, element: Any, kind: str) -> Iterator[Block]:
        place = f"{kind} {element.get(f'{_W}id', '')}".strip()
        for paragraph in element.iter(f"{_W}p"):
            if text := _text(paragraph):
                yield Block(place, "note", text)

    def _comment(self, element: Any, number: int) -> Iterator[Block]:
        self._log.details["comments"] += 1
        text = "\n".join(filter(None, (_text(p) for p in element.iter(f"{_W}p"))))
        if text:
            moment = _moment(element.get(f"{_W}date"))
            author = (element.get(f"{_W}author") or "").strip() or None
            yield Block(f"comment {number}", "comment", text, author=author, moment=moment)

    def _part(self, kind: str) -> Iterator[Any]:
        for element in self._parts(kind):
            yield from element

    def _parts(self, kind: str) -> Iterator[Any]:
        """Yield the root elements of the parts of a kind, such as "comments"."""
        from docx.oxml import parse_xml

        seen = set()
        for relation in self._document.part.rels.values():
            if relation.reltype.endswith(f"/{kind}") and not relation.is_external:
                part = relation.target_part
                if part.partname not in seen:
                    seen.add(part.partname)
                    yield part.element if hasattr(part, "element") else parse_xml(part.blob)


def _styles(document: Any) -> dict[str | None, _Style]:
    """Return name, outline level and whether it makes list items for each style, with what it takes from others."""
    try:
        elements = {e.get(f"{_W}styleId"): e for e in document.styles.element.iter(f"{_W}style")}
    except (KeyError, AttributeError, ValueError):
        return {}
    found: dict[str | None, _Style] = {}
    for id_, element in elements.items():
        name = _value(element, "name")
        level, listed, above = _NO_HEADING_LEVEL, False, element
        # Styles are based on each other a few deep; more is a loop.
        for _ in range(20):
            if match := _HEADING_STYLE.match(_value(above, "name")):
                level = min(level, int(match.group(1)) - 1)
            elif _value(above, "name").lower() == "title":
                level = min(level, _TITLE_LEVEL)
            properties = above.find(f"{_W}pPr")
            level = min(level, _number(properties, "outlineLvl", _NO_HEADING_LEVEL))
            listed = listed or _number(properties, "numPr", 0, "numId") > 0
            above = elements.get(_value(above, "basedOn"))
            if above is None:
                break
        found[id_] = _Style(name, level, listed and level == _NO_HEADING_LEVEL)
    return found


def _value(parent: Any, name: str) -> str:
    element = parent.find(f"{_W}{name}") if parent is not None else None
    return str(element.get(f"{_W}val") or "") if element is not None else ""


def _number(parent: Any, name: str, otherwise: int, inner: str = "") -> int:
    """Return the number that a property holds, or another if it is missing or none."""
    element = parent.find(f"{_W}{name}") if parent is not None else None
    written = _value(element, inner) if inner else _value(parent, name)
    return int(written) if written.isdecimal() and len(written) < 9 else otherwise


def _list_depth(properties: Any, style: _Style) -> int:
    """Return how deep in lists a paragraph stands, 0 outside; number 0 takes it out of the list of its style."""
    numbered = properties.find(f"{_W}numPr") if properties is not None else None
    if numbered is None:
        return int(style.listed)
    if _value(numbered, "numId") == "0":
        return 0
    return _number(numbered, "ilvl", 0) + 1


def _inside(parent: Any, name: str) -> Iterator[Any]:
    """Yield the rows of a table or cells of a row, also inside of content controls and tracked insertions."""
    for element in parent:
        if element.tag == f"{_W}{name}":
            if element.find(f"{_W}trPr/{_W}del") is None and element.find(f"{_W}tcPr/{_W}cellDel") is None:
                yield element
        elif element.tag in _GROUPS:
            yield from _inside(element, name)


def _shown(element: Any, wanted: Callable[[Any], bool]) -> Iterator[Any]:
    """Yield the elements below one that are shown and wanted, in order, without looking into deleted ones."""
    waiting = list(reversed(element))
    while waiting:
        child = waiting.pop()
        if not isinstance(child.tag, str) or child.tag in _GONE:
            continue
        if wanted(child):
            yield child
        elif not (child.tag == f"{_W}r" and _is_hidden(child)) and child.tag != f"{_W}txbxContent":
            waiting.extend(reversed(child))


def _is_hidden(run: Any) -> bool:
    vanish = run.find(f"{_W}rPr/{_W}vanish")
    return vanish is not None and vanish.get(f"{_W}val") not in ("0", "false", "off")


_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-", f"{_W}ptab": "\t"}
_BLANK = re.compile(r"[ \t\u00a0\u2007\u202f]+")


def _raw(element: Any) -> str:
    parts = _shown(element, lambda child: child.tag == f"{_W}t" or child.tag in _SIGNS)
    return "".join(part.text or "" if part.tag == f"{_W}t" else _SIGNS[part.tag] for part in parts)


def _text(element: Any) -> str:
    """Return the text of a paragraph as it is shown: insertions in, deletions and hidden text out."""
    lines = (_BLANK.sub(" ", line).strip() for line in _raw(element).replace("\u00ad", "").split("\n"))
    return "\n".join(line for line in lines if line)


def _lead(element: Any, text: str) -> str:
    """Return what stands in bold at the start of a paragraph."""
    lead = ""
    for run in _shown(element, lambda child: child.tag == f"{_W}r"):
        words = _raw(run)
        bold = run.find(f"{_W}rPr/{_W}b")
        is_bold = bold is not None and bold.get(f"{_W}val") not in ("0", "false", "off")
        if words.strip() and not is_bold:
            break
        lead += words
    lead = _BLANK.sub(" ", lead).strip()
    return lead if lead and text.startswith(lead) and lead != text else ""


def _boxes(element: Any) -> Iterator[Any]:
    yield from _shown(element, lambda child: child.tag == f"{_W}txbxContent")


def _moment(written: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written or "")
    except ValueError:
        return None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        return None
