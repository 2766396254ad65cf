"""Tables in documents, cell by cell: headers name the section, names of persons become authors."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from textsignals.readers.documents.blocks import Block, has_words, is_label, is_names, is_roster

_PERSON = re.compile(
    r"^(?:names?|who|from|(?:team )?members?|speakers?|authors?|participants?|persons?|attendees?|presenters?)$", re.I
)
# Columns of facts about a row, not of sentences.
_FACTS = re.compile(
    r"^(?:owners?|assignees?|assigned(?: to)?|responsible|dri|due(?: date| by)?|deadline|date|time|duration|status|to"
    r"|state|priority|prio|no\.?|nr\.?|#|id|number|e-?mail|roles?|title|position|company|organi[sz]ation|affiliation|department"
    r"|phone|signature|present|attend(?:ed|ance|ing)|estimate|link|url|votes?|sprint|version|page|initials)\??$",
    re.I,
)
_TASKS = re.compile(r"^(?:actions?(?: items?| points?)?|tasks?|to-?dos?|next steps?)$", re.I)
_HEADER_WORDS = 5
_NAME_WORDS = 5


@dataclass(slots=True)
class Cell:
    """What stands in one cell, and whether the format marks it as a header."""

    blocks: list[Block] = field(default_factory=list)
    header: bool = False

    @property
    def text(self) -> str:
        """All its text on one line."""
        return " ".join(" ".join(block.text.split()) for block in self.blocks)


def table(rows: Sequence[Sequence[Cell]]) -> Iterator[Block]:
    """Yield the blocks of all cells, row by row, under the names of their columns or of their row."""
    filled = [row for row in rows if any(cell.blocks for cell in row)]
    names = _names_of_columns(filled)
    if names:
        for cell in filled[0]:
            yield from (replace(block, skip=block.skip or "heading") for block in cell.blocks)
        for row in filled[1:]:
            yield from _row(row, names)
        return
    # Among facts about the meeting, the first column of a form holds labels only.
    is_form = all(len(row) == 2 for row in filled) and any(_is_fact(row[0]) for row in filled)
    for row in filled:
        yield from _labelled_row(row, is_form)


def labelled(label: str, blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield blocks under the label that stands before them: a fact ("Date") is left out, all else gets a section."""
    name = label.strip(" :")
    for block in blocks:
        if is_roster(name):
            yield replace(block, skip=block.skip or "attendance")
        elif is_label(f"{name}:"):
            # With its label, so that the day of the document is found in it.
            yield replace(block, text=f"{name}: {block.text}", lead="", skip=block.skip or "label")
        else:
            yield _under(block, name)


def _names_of_columns(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """Return the texts of the header, none if the table has no header: marked as such, or short above longer rows."""
    if len(rows) < 2 or len(rows[0]) < 2:
        return []
    names = [cell.text.strip(" :") for cell in rows[0]]
    if all(cell.header or not cell.blocks for cell in rows[0]):
        return names
    is_short = all(0 < len(name.split()) <= _HEADER_WORDS and not re.search(r"\d|[.!]$", name) for name in names)
    if (
        not is_short
        or len({name.casefold() for name in names}) < len(names)
        or any(len(row) > len(names) for row in rows)
    ):
        return []
    usual = sum(bool(_PERSON.match(name) or _FACTS.match(name) or _TASKS.match(name)) for name in names)
    longer = any(len(cell.text.split()) > 2 * _HEADER_WORDS for row in rows[1:] for cell in row)
    # "Date | 12 March" above other facts is a row of a form and no header.
    is_form = len(names) == 2 and any(_is_fact(row[0]) for row in rows[:2])
    return names if (usual or longer) and not is_form else []


def _row(row: Sequence[Cell], names: Sequence[str]) -> Iterator[Block]:
    columns = [names[i] if i < len(names) else "" for i in range(len(row))]
    if all(_PERSON.match(name) or _FACTS.match(name) or not name for name in columns) and any(
        map(_PERSON.match, columns)
    ):
        for cell in row:
            yield from (replace(block, skip=block.skip or "attendance") for block in cell.blocks)
        return
    author = next((c.text for c, n in zip(row, columns, strict=True) if _is_person(c, n)), None)
    for cell, name in zip(row, columns, strict=True):
        if _is_person(cell, name) or _FACTS.match(name):
            yield from (replace(block, skip=block.skip or "label") for block in cell.blocks)
            continue
        is_task = bool(_TASKS.match(name))
        for block in cell.blocks:
            kind = "task" if is_task and block.kind == "note" else block.kind
            yield replace(_under(block, name), kind=kind, author=block.author or author)


def _is_person(cell: Cell, column: str) -> bool:
    return bool(_PERSON.match(column)) and len(cell.text.split()) <= _NAME_WORDS and is_names(cell.text)


def _is_fact(cell: Cell) -> bool:
    return is_label(f"{cell.text.strip(' :')}:") or is_roster(cell.text)


def _labelled_row(row: Sequence[Cell], is_form: bool) -> Iterator[Block]:
    """Yield the cells of a row in a table without header; its first cell may be the label of the others."""
    first, rest = row[0], row[1:]
    text = first.text
    is_marked = first.header or is_form or text.rstrip().endswith(":") or _is_fact(first)
    if rest and is_marked and any(cell.blocks for cell in rest) and 0 < len(text.split()) <= 2 * _HEADER_WORDS:
        yield from (replace(block, skip=block.skip or "label") for block in first.blocks)
        for cell in rest:
            yield from labelled(text, cell.blocks)
        return
    for cell in row:
        yield from cell.blocks


def _under(block: Block, name: str) -> Block:
    if not has_words(name) or block.kind == "heading":
        return block
    return replace(block, section=f"{block.section} > {name}" if block.section else name)
