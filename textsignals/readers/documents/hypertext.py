"""HTML as the blocks of a document: one pass over its tags, linear whatever they are, each block with its line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from textsignals.readers.documents.blocks import Block, Outline
from textsignals.readers.documents.grids import Cell, labelled, table
from textsignals.readers.documents.tags import Token, tokens

_CONTAINERS = frozenset(
    "address article aside blockquote body center details dd div dl dt fieldset figcaption figure footer form header"
    " html li main nav ol section summary table tbody td tfoot th thead tr ul".split()
)
_PARAGRAPHS = frozenset("h1 h2 h3 h4 h5 h6 hr p pre caption option".split())
_INVISIBLE = frozenset("button canvas iframe noscript object script select style svg template textarea video".split())
# What a start tag ends that authors and programs leave open, up to the list or table around it.
_ENDS = {"li": ("li",), "dt": ("dt", "dd"), "dd": ("dt", "dd"), "td": ("td", "th"), "th": ("td", "th")}
_ENDS |= dict.fromkeys(("tr", "tbody", "thead", "tfoot"), ("td", "th", "tr"))
_STRUCTURE = frozenset("dd dl dt li ol table tbody td tfoot th thead tr ul".split())
_BOUNDARY = {"li": ("ul", "ol", "td", "th", "table"), "dt": ("dl", "table"), "dd": ("dl", "table")}
_AWAY = frozenset(
    "breadcrumb breadcrumbs breadcrumb-section footer navigation navbar sidebar table_of_contents toc toc-macro greybox"
    " diagnostics pagetree link-to-page bookmark attachments".split()
)
_REMARKS = frozenset("comment comments comment-list page-comments discussion discussions".split())
_TICKED = frozenset(["checked", "unchecked"])
_NO_DISPLAY = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_KIX_LEVEL = re.compile(r"lst-[\w.]+-(\d)(?!\d)")
_KIX_LEVELS = tuple((level, f"list {level}") for level in range(9, 0, -1))
_POSTED = re.compile(r"^Posted by (.{1,80}?) at .{0,80}$")
_CONTINUES = re.compile(r"^(?:…|\.\.\.)\s*")
_PAGE_DATE = re.compile(r"\bon ((?:\w{3,9}\.? \d{1,2},? \d{4}|\d{1,2} \w{3,9}\.? \d{4}|\d{4}-\d\d-\d\d).*)")
_AVAILABLE = re.compile(r"^Available Pages:?$")
_BLANK = re.compile(r"[ \t\r\n\f\v\u00a0\u2007\u202f]+")
_NO_WIDTH = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
# Layout tables nest; no one writes twenty deep.
_MAX_TABLES = 20
_MAX_SPAN = 50
_MAX_COLUMNS = 200
# A bold name or a cited speaker stands in the first few pieces of a block.
_LEAD_PARTS = 20
# How far an end tag looks for its start among tags that were left open.
_LOOK_BACK = 200


@dataclass(slots=True)
class _Open:
    """A tag that is open: what it does to the text in it, and whether it is part of a list or table."""

    tag: str
    effect: str = ""


@dataclass(slots=True)
class _Table:
    rows: list[list[Cell]] = field(default_factory=list)
    # Cells that reach down into the next rows: column, rows left.
    reach: dict[int, int] = field(default_factory=dict)
    properties: bool = False
    cell: Cell | None = None

    def row(self) -> None:
        self.rows.append([])
        self.cell = None

    def enter(self, header: bool, columns: int, rows: int) -> None:
        if not self.rows:
            self.row()
        row = self.rows[-1]
        self._fill(row)
        self.cell = Cell(header=header)
        at = len(row)
        row.append(self.cell)
        row.extend(Cell(header=header) for _ in range(columns - 1))
        if rows > 1:
            self.reach.update(dict.fromkeys(range(at, at + columns), rows - 1))

    def _fill(self, row: list[Cell]) -> None:
        while len(row) < _MAX_COLUMNS and self.reach.get(len(row), 0) > 0:
            self.reach[len(row)] -= 1
            row.append(Cell())


class Page:
    """The blocks of a page in the order of its text, its `title`, and how many images stand in it.

    >>> page = Page("<h2>Retro</h2><ul><li>We <b>wait</b></li></ul>")
    >>> [(b.kind, b.text, b.section) for b in page.blocks]
    [('heading', 'Retro', ''), ('note', 'We wait', 'Retro')]
    """

    def __init__(self, markup: str) -> None:
        self.blocks: list[Block] = []
        self.title, self.images, self.tags = "", 0, Counter[str]()
        self._outline = Outline()
        self._stack: list[_Open] = []
        self._structure: list[int] = []
        self._open: Counter[str] = Counter()
        self._effects: Counter[str] = Counter()
        self._tables: list[_Table] = []
        self._term: list[str] = []
        self._invisible = ""
        self._nested = 0
        self._in_title = self._in_cite = self._marker = False
        self._listing = False
        self._here = 1
        self._begin()
        for token in tokens(markup):
            self._here = token.line
            if token.kind == "text":
                self._data(token.text)
            elif token.kind == "start":
                self._start(token)
            else:
                self._end(token.text)
        self._flush()
        self._close_all(0)

    def _begin(self) -> None:
        """Start a new block."""
        self._text: list[str] = []
        self._lead: list[str] = []
        self._cite: list[str] = []
        self._bold = self._level = 0
        self._pre = self._code = self._is_heading = self._is_task = self._is_comment = self._is_bot = False
        self._line = 0

    # Tags

    def _start(self, token: Token) -> None:
        tag, given = token.text, token.given
        self.tags[tag] += 1
        if self._invisible:
            self._nested += tag == self._invisible and not token.closed
            return
        if tag in _INVISIBLE:
            # "<div/>" is an open tag to browsers, too; only what cannot hold text has no end.
            self._invisible = "" if token.closed else tag
            return
        words = {*given.get("class", "").split(), given.get("id", ""), given.get("role", "")} - {""}
        if tag in _CONTAINERS:
            self._flush()
            self._enter(tag, given, words)
        elif tag in _PARAGRAPHS:
            self._flush()
            self._paragraph(tag, words)
        else:
            self._inline(tag, given)

    def _paragraph(self, tag: str, words: set[str]) -> None:
        self._is_heading = tag[0] == "h" and tag != "hr"
        self._level = int(tag[1]) if self._is_heading else 0
        self._pre = tag == "pre"
        self._code = self._pre and bool(words & {"code", "highlight", "sourceCode"})
        self._is_bot = "bot" in words
        if tag == "p" and words & {"title", "subtitle"}:
            self._is_heading, self._level = True, 0
        elif "page-title" in words or "title-heading" in words:
            self._level = 0

    def _inline(self, tag: str, given: dict[str, str]) -> None:
        href, anchor = given.get("href", ""), given.get("id", "")
        if tag == "br":
            self._text.append("\n")
        elif tag in ("b", "strong"):
            self._bold += 1
        elif tag == "code" and self._pre:
            self._code = True
        elif tag == "cite" and len(self._text) < _LEAD_PARTS and not "".join(self._text).strip():
            self._in_cite = True
        elif tag == "input" and given.get("type") == "checkbox":
            self._is_task = True
        elif tag == "img":
            self.images += 1
            alt = given.get("alt", "")
            # Smileys are images in chats and wikis.
            self._text.append(alt if 0 < len(alt) <= 4 and not alt.isascii() else "")
        elif tag == "title" and not self._stack_holds("body"):
            self._in_title = True
        elif tag == "a" and (href.startswith(("#cmnt", "#ftnt"))):
            # Google Docs: the mark of a comment or footnote in the text, and before the comment itself.
            self._marker = True
            self._is_comment |= href.startswith("#cmnt_ref") and not anchor.startswith("cmnt_ref")

    def _end(self, tag: str) -> None:
        if self._invisible:
            if tag == self._invisible:
                self._nested -= 1
                if self._nested < 0:
                    self._invisible, self._nested = "", 0
        elif tag in _CONTAINERS:
            self._flush()
            self._leave(tag)
        elif tag in _PARAGRAPHS:
            self._flush()
        elif tag in ("b", "strong"):
            self._bold = max(0, self._bold - 1)
        elif tag == "cite":
            self._in_cite = False
        elif tag == "title":
            self._in_title = False
        elif tag == "a":
            self._marker = False
        elif tag == "br":
            self._text.append("\n")

    def _stack_holds(self, tag: str) -> bool:
        return self._open[tag] > 0

    def _enter(self, tag: str, given: dict[str, str], words: set[str]) -> None:
        """Open a container, after closing those that its start ends."""
        ends = _ENDS.get(tag, ())
        while ends and self._structure:
            top = self._stack[self._structure[-1]].tag
            if top not in ends and not (tag[0] == "t" and top in ("li", "ul", "ol", "dl", "dt", "dd") and self._tables):
                break
            self._close_all(self._structure[-1])
        effect = self._effect(tag, given, words)
        self._stack.append(_Open(tag, effect))
        self._open[tag] += 1
        self._effects[effect] += bool(effect)
        if tag in _STRUCTURE:
            self._structure.append(len(self._stack) - 1)
        if tag == "table":
            # One too deep adds its rows to the table around it.
            if len(self._tables) < _MAX_TABLES:
                self._tables.append(_Table(properties="properties" in words))
            else:
                self._stack[-1].tag = "div"
                self._open["table"] -= 1
                self._open["div"] += 1
        elif tag == "tr" and self._tables:
            self._tables[-1].row()
        elif tag in ("td", "th") and self._tables:
            columns, rows = _span(given.get("colspan")), _span(given.get("rowspan"))
            self._tables[-1].enter(tag == "th" or self._open["thead"] > 0, columns, rows)
        elif tag == "dl":
            self._term.append("")
        elif "checkbox" in words or "data-inline-task-id" in given or (tag == "li" and words & _TICKED):
            self._is_task = True

    def _effect(self, tag: str, given: dict[str, str], words: set[str]) -> str:
        """Return what a container does to all text in it."""
        if "hidden" in given or _NO_DISPLAY.search(given.get("style", "")):
            return "hidden"
        if tag in ("nav", "footer", "aside") or words & _AWAY or "contentinfo" in words:
            return "navigation"
        if "page-metadata" in words:
            return "metadata"
        if tag == "blockquote":
            return "quote"
        if words & _REMARKS:
            return "comment"
        if tag in ("ul", "ol"):
            level = _KIX_LEVEL.search(given.get("class", ""))
            return f"list {level.group(1)}" if level else "list"
        return {"dl": "terms", "dt": "term", "dd": "meaning"}.get(tag, "")

    def _leave(self, tag: str) -> None:
        """Close a container, and those left open in it; an end without a start does nothing."""
        if not self._open[tag]:
            return
        boundary = _BOUNDARY.get(tag, ("table",)) if tag != "table" else ()
        if tag in _STRUCTURE:
            for at in reversed(self._structure[-_LOOK_BACK:]):
                if self._stack[at].tag == tag:
                    self._close_all(at)
                    return
                if self._stack[at].tag in boundary:
                    return
            return
        lowest = max(len(self._stack) - _LOOK_BACK, (self._structure[-1] + 1) if self._structure else 0)
        for at in range(len(self._stack) - 1, lowest - 1, -1):
            if self._stack[at].tag == tag:
                self._close_all(at)
                return

    def _close_all(self, at: int) -> None:
        """Close every container from a place of the stack on."""
        while len(self._stack) > at:
            closed = self._stack.pop()
            self._open[closed.tag] -= 1
            self._effects[closed.effect] -= bool(closed.effect)
            if self._structure and self._structure[-1] == len(self._stack):
                self._structure.pop()
            if closed.tag == "table" and self._tables:
                self._close_table(self._tables.pop())
            elif closed.tag in ("td", "th") and self._tables:
                self._tables[-1].cell = None
            elif closed.tag == "dl" and self._term:
                self._term.pop()
            elif closed.tag == "li":
                self._is_task = False

    def _close_table(self, closed: _Table) -> None:
        if not closed.properties:
            self._add(table(closed.rows))
            return
        for row in closed.rows:
            for cell in row[1:]:
                for block in cell.blocks:
                    # A property of many words is a text of its own.
                    skip = "label" if len(block.text.split()) <= 8 else ""
                    text = f"{row[0].text}: {block.text}" if skip else block.text
                    section = block.section if skip else row[0].text
                    self._add([replace(block, text=text, skip=block.skip or skip, section=section)])

    # Text

    def _data(self, data: str) -> None:
        if self._invisible:
            return
        if self._in_title:
            self.title += data
            return
        if self._marker:
            return
        if not self._line and data.strip():
            self._line = self._here
        if not self._pre:
            data = _BLANK.sub(" ", data)
        if self._in_cite:
            self._cite.append(data)
        elif self._bold and len(self._text) < _LEAD_PARTS:
            self._bold_text(data)
        self._text.append(data)

    def _bold_text(self, data: str) -> None:
        """Keep what is bold for as long as nothing else came before it."""
        if "".join(self._lead).strip() == "".join(self._text).strip():
            self._lead.append(data)

    def _flush(self) -> None:
        """End the block that is being read; without text it is none."""
        lines = "".join(self._text).translate(_NO_WIDTH).split("\n")
        text = "\n".join(line for line in (_BLANK.sub(" ", line).strip() for line in lines) if line)
        if text:
            self._emit(text)
            self._begin()
        else:
            # The box of a task stands before its text, in a container of its own.
            task = self._is_task
            self._begin()
            self._is_task = task
        self._in_cite = self._marker = False

    def _emit(self, text: str) -> None:
        place, section = f"line {self._line or self._here}", self._outline.path
        lead = " ".join("".join(self._lead).split())
        block = Block(place, self._kind(), text, section, self._depth(), lead if text.startswith(lead) else "")
        if self._cite:
            block = self._said(block)
        if skip := self._skip():
            self._add([replace(block, skip=skip, text=self._metadata(text) if skip == "label" else text)])
        elif self._is_heading and not self._effects["quote"]:
            self._heading(block)
        elif posted := _POSTED.match(text) if self._effects["comment"] else None:
            self._posted(posted.group(1))
            self._add([replace(block, skip="label")])
        elif self._effects["term"]:
            self._term[-1:] = [text]
            self._add([replace(block, skip="label")])
        elif self._effects["meaning"] and self._term and self._term[-1]:
            self._add(labelled(self._term[-1], [block]))
        else:
            self._add([block])

    def _kind(self) -> str:
        if self._effects["quote"]:
            return "quote"
        if self._code:
            return "code"
        if self._is_comment or self._effects["comment"]:
            return "comment"
        return "heading" if self._is_heading else "task" if self._is_task else "note"

    def _skip(self) -> str:
        if self._effects["hidden"]:
            return "hidden"
        if self._effects["metadata"]:
            return "label"
        if self._effects["navigation"] or self._listing:
            return "navigation"
        return "bot" if self._is_bot else ""

    def _metadata(self, text: str) -> str:
        """Return the line below a title of Confluence so that its date is found: "Created by Ana on Mar 13, 2026"."""
        dates = _PAGE_DATE.search(text)
        return f"Created: {dates.group(1)}" if dates else text

    def _said(self, block: Block) -> Block:
        """Return a block of W3C minutes: who speaks is cited, lines that begin with "…" go on."""
        cited = " ".join("".join(self._cite).split())
        if not (cited.endswith(":") or (cited.startswith("<") and cited.endswith(">"))):
            return block
        said = block.text.removeprefix(cited).strip()
        lines = [_CONTINUES.sub("", line) for line in said.split("\n")]
        author = cited.strip("<>: ")
        return replace(block, kind="speech", text="\n".join(filter(None, lines)), author=author or None, lead="")

    def _heading(self, block: Block) -> None:
        self._add([block])
        if self._level or self._outline.path == "":
            self._outline.enter(self._level, block.text)
        # The index page of a Confluence space lists its pages and nothing else.
        self._listing = self._listing or bool(_AVAILABLE.match(block.text))

    def _posted(self, author: str) -> None:
        """Name the author of the comment above the line that says who posted it."""
        target = self._target()
        if target and target[-1].kind == "comment" and not target[-1].author:
            target[-1] = replace(target[-1], author=author)

    def _depth(self) -> int:
        return self._open["li"] + next((level for level, effect in _KIX_LEVELS if self._effects[effect]), 0)

    def _target(self) -> list[Block]:
        if self._tables and (cell := self._tables[-1].cell):
            return cell.blocks
        for outer in reversed(self._tables[:-1]):
            if outer.cell:
                return outer.cell.blocks
        return self.blocks

    def _add(self, found: Iterable[Block]) -> None:
        self._target().extend(found)


def _span(written: str | None) -> int:
    return min(_MAX_SPAN, max(1, int(written))) if written and written.isdecimal() and len(written) < 6 else 1
