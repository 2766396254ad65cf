"""Markdown and plain text as the blocks of a document, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from textsignals.readers.documents.blocks import Block, Outline
from textsignals.readers.documents.grids import Cell, table
from textsignals.readers.markup import plain

FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n.*?\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_TASK = re.compile(r"^\[([ xX✓✔-])\]\s+")
_WIKI_LINK = re.compile(r"!?\[\[(?:[^\[\]|\n]{0,200}\|)?([^\[\]|\n]{1,200})\]\]")
# Signs that other programs put before list items; Markdown knows - * + and numbers.
_ODD_BULLET = re.compile(r"^([ \t]*)[•◦▪▫‣●○■□◆➢➤⁃∙·–—](?=[ \t]+\S)", re.MULTILINE)
_FEW_BULLETS = 2
# Blanks that are no blanks to Markdown, and what takes no place at all.
_BLANKS = str.maketrans(
    dict.fromkeys("\u00a0\u2007\u202f\u2028\u2029\x0b\x0c", " ") | dict.fromkeys("\u200b\u2060\ufeff\u00ad")
)
# Editors wrap at 72 to 80 characters, at a blank before it.
_WRAPPED_CHARS = 55
# Its own limit of 20 drops what stands deeper without a word; a list takes two levels.
_MARKDOWN = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
# In plain text a line set in is no code, and a word in angle brackets no HTML.
_TEXT = MarkdownIt("commonmark", {"maxNesting": 100}).disable(["code", "html_block", "html_inline"])
# Where brackets open in brackets this deep there are no links, and to look for them takes minutes.
_MOST_BRACKETS = 20
_BRACKETS = re.compile(r"[\[\]]|\n[ \t]*\n")
_NO_LINKS = ["link", "image"]
_MARKDOWN_WITHOUT_LINKS = MarkdownIt("commonmark", {"maxNesting": 100}).enable(["table", "strikethrough"])
_MARKDOWN_WITHOUT_LINKS.disable(_NO_LINKS)
_TEXT_WITHOUT_LINKS = MarkdownIt("commonmark", {"maxNesting": 100})
_TEXT_WITHOUT_LINKS.disable(["code", "html_block", "html_inline", *_NO_LINKS])


def document(text: str, *, markdown: bool = True) -> tuple[str, list[Block]]:
    """Return what stands before a note about it (YAML), and the blocks of the note itself."""
    front = FRONT_MATTER.match(text)
    about = front.group(0) if front else ""
    # Blank lines in its stead, so that lines keep their numbers.
    return about, list(blocks("\n" * about.count("\n") + text[len(about) :], markdown=markdown))


def blocks(text: str, *, markdown: bool = True) -> Iterator[Block]:
    """Yield the leaf blocks of a note: paragraphs, bullets, cells and headings, with their line.

    >>> [(b.kind, b.text, b.section) for b in blocks("# Retro\\n\\n- [ ] Ana asks")]
    [('heading', 'Retro', ''), ('task', 'Ana asks', 'Retro')]
    """
    text = text.translate(_BLANKS)
    if len(_ODD_BULLET.findall(text)) >= _FEW_BULLETS:
        text = _ODD_BULLET.sub(r"\1-", text)
    tokens = _parser(text, markdown).parse(text)
    outline = Outline()
    quotes = depth = i = 0
    while i < len(tokens):
        token = tokens[i]
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        depth += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if token.type == "table_open":
            end = next(j for j in range(i, len(tokens)) if tokens[j].type == "table_close")
            yield from table(_cells(tokens[i:end], outline.path, depth, "quote" if quotes else "note"))
            i = end
        elif token.type in ("fence", "code_block"):
            yield Block(_line(token), "code", token.content, outline.path, depth)
        elif token.type == "html_block":
            yield Block(_line(token), "quote" if quotes else "note", plain(token.content), outline.path, depth)
        elif token.type == "inline":
            yield _block(tokens[i - 1], token, outline, depth, quotes > 0)
        i += 1


def _parser(text: str, markdown: bool) -> MarkdownIt:
    depth = 0
    for sign in _BRACKETS.finditer(text):
        depth = {"[": depth + 1, "]": max(0, depth - 1)}.get(sign.group(), 0)
        if depth > _MOST_BRACKETS:
            return _MARKDOWN_WITHOUT_LINKS if markdown else _TEXT_WITHOUT_LINKS
    return _MARKDOWN if markdown else _TEXT


def _block(opener: Token, token: Token, outline: Outline, depth: int, quoted: bool) -> Block:
    text, section = _plain(token), outline.path
    if opener.type == "heading_open" and not quoted:
        outline.enter(int(opener.tag[1]), text)
        return Block(_line(token), "heading", text, section, 0)
    task = _TASK.match(text)
    kind = "quote" if quoted else "task" if task else "note"
    lead = "" if task else _lead(token)
    return Block(_line(token), kind, text[task.end() :] if task else text, section, depth, lead)


def _cells(tokens: Sequence[Token], section: str, depth: int, kind: str) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for before, token in pairwise(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            text = _plain(token)
            found = [Block(_line(token), kind, text, section, depth, _lead(token))] if text else []
            rows[-1].append(Cell(found, before.type == "th_open"))
    return rows


def _line(token: Token) -> str:
    return f"line {(token.map[0] if token.map else 0) + 1}"


def _lead(token: Token) -> str:
    """Return what stands in bold at the start of an inline text."""
    children = [child for child in token.children or () if child.type != "text" or child.content]
    if not children or children[0].type != "strong_open":
        return ""
    lead = ""
    for child in children[1:]:
        if child.type == "strong_close":
            return lead.strip()
        lead += child.content
    return ""


def _plain(token: Token) -> str:
    """Return inline text without marks: links as their label, code kept.

    A line that stops well before the margin ends what it says; a full one was wrapped and goes on.
    """
    text = line = ""
    for child in token.children or ():
        if child.type in ("softbreak", "hardbreak") or (
            child.type == "html_inline" and child.content[:3].lower() == "<br"
        ):
            text += line + (" " if len(line) >= _WRAPPED_CHARS else "\n")
            line = ""
        elif child.type in ("text", "code_inline"):
            line += child.content
    return _WIKI_LINK.sub(r"\1", (text + line).strip())
