"""Stand-ups as CSV, of Geekbot and others: a column for each question, or a row for each answer."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip
from textsignals.readers.json_stream import is_jsonl
from textsignals.readers.sheets.cells import fold, says_nothing, split_member, split_scale
from textsignals.readers.sheets.columns import (
    Layout,
    answers,
    find_roles,
    holds_texts,
    is_scale,
    no_texts,
    note_layout,
    plays,
)
from textsignals.readers.sheets.dates import Dates, When, when_by_name
from textsignals.readers.sheets.rows import Part, Row, head_text, parts, sample
from textsignals.readers.sources import Folder, Source
from textsignals.records import Message

NAME = "standups"

_SAMPLE_ROWS = 200
# What stand-ups ask in the languages whose column names are known.
_ASKS = re.compile(
    r"yesterday|today|tomorrow|block(?:ed|er|ing|s)|impediment|obstacle|stuck"
    r"|(?:last|next) (?:working )?day|did you (?:do|work)"
    r"|have you (?:done|been)|(?:will|are) you (?:do|work)|in your way|how (?:are|do) you feel"
    r"|gestern|heute|hindernis|blockad|aujourd|\bhier\b|blocage|\bayer\b|\bhoy\b|bloqueo|\bontem\b|\bhoje\b|bloqueio"
    r"|\bieri\b|\boggi\b|blocchi|gisteren|vandaag|blokkade|\bigår\b|\bidag\b|wczoraj|dzisiaj|вчера|сегодня|昨日|今日",
    re.IGNORECASE,
)
_QUESTION_NAMES = frozenset(
    map(fold, "question prompt frage pregunta pergunta domanda vraag fråga pytanie вопрос 質問".split())
)
_ANSWER_NAMES = frozenset(
    map(
        fold,
        "answer response reply antwort réponse respuesta resposta risposta antwoord svar odpowiedź ответ 回答".split(),
    )
)
# Roles that columns beside the questions may have.
_KEPT = ("author", "date", "team", "channel")
_HANDLE = re.compile(r"\(@[^()\s]+\)\s*$")
# Slack's markup, as in the messages that a bot collected: mentions, channels, groups, links.
_MARKUP = re.compile(r"<([@#!]?)([^<>|\s]{1,500})(?:\|([^<>]{0,500}))?>")


@dataclass(frozen=True, slots=True)
class _Questions:
    """How the answers below one header are found, and which questions are asked on a scale."""

    layout: Layout
    scales: frozenset[str]

    def asked(self, row: Row, column: str) -> str | None:
        return column if self.layout.wide else self.layout.cell(row, "section") or None


def sniff(source: Source | Folder) -> float:
    """Return how sure it is that this is a stand-up: members with their answers to what stand-ups ask."""
    if isinstance(source, Folder):
        return 0.0
    text = head_text(source)
    if "\x00" in text or is_jsonl(text):
        return 0.0
    records = sample(text)
    if len(records) < 2:
        return 0.0
    columns = [cell.strip() for cell in records[0]]
    if not any(plays("author", column) for column in columns):
        return 0.0
    dated, asks = any(plays("date", column) for column in columns), sum(bool(_ASKS.search(c)) for c in columns)
    if dated and "member" in columns and _has_handles(records, columns.index("member")):
        return 0.97
    if asks > 1:
        return 0.9
    folded = set(map(fold, columns))
    if folded & _QUESTION_NAMES and folded & _ANSWER_NAMES:
        return 0.85
    return 0.82 if asks and dated and not any(plays("text", column) for column in columns) else 0.0


def _has_handles(records: list[list[str]], at: int) -> bool:
    return any(_HANDLE.search(cells[at]) for cells in records[1:] if len(cells) > at)


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield one message an answer; a header inside the file changes the questions for the rows below it."""
    assert isinstance(source, Source)
    dates: Dates | None = None
    for part in parts(source, log):
        first = list(islice(part.rows, _SAMPLE_ROWS))
        if not first:
            continue
        questions = _questions(part, [row for _, row in first], log, options)
        layout = questions.layout
        dates = dates or Dates(_written(source, layout), options, log, when_by_name(source.path, options))
        log.details["columns"] = log.details["columns"] or len(first[0][1])
        for place, row in chain(first, part.rows):
            log.details["rows"] += 1
            log.details["filled cells"] += sum(bool(value.strip()) for value in row.values())
            yield from _answers(place, row, questions, dates, source, log)
    if not log.read:
        raise InputError(source.name, "has a header but no rows", hint="export it again with its data")


def _written(source: Source, layout: Layout) -> Iterator[str]:
    unheard = FileLog(source.name, NAME)
    for part in parts(source, unheard) if "date" in layout.roles else ():
        yield from (layout.cell(row, "date") for _, row in part.rows)


def _questions(part: Part, rows: list[Row], log: FileLog, options: Options) -> _Questions:
    columns = list(part.columns or dict.fromkeys(name for row in rows for name in row))
    roles = find_roles(columns, rows, log, options)
    asks = [column for column in columns if _ASKS.search(column)]
    geekbot = any(_HANDLE.search(row.get("member", "")) for row in rows)
    by_row = "text" in roles and ("text" in options.columns or (not asks and "section" in roles))
    if by_row:
        texts = [roles["text"]]
    else:
        # Members, days and teams have columns; all else was asked, whatever it is called.
        noted = roles.get("text")
        roles = {r: c for r, c in roles.items() if (r in _KEPT and "?" not in c) or r in options.columns}
        rest = [c for c in columns if c not in roles.values()]
        holds = _is_named if geekbot else holds_texts
        texts = [c for c in rest if c in asks or c == noted or holds(c, rows)]
    if not texts:
        raise no_texts("has no answers", columns, log)
    note_layout(columns, roles, tuple(texts), log)
    layout = Layout(tuple(columns), roles, tuple(texts))
    return _Questions(layout, frozenset(_scales(layout, rows)))


def _is_named(column: str, rows: list[Row]) -> bool:
    """Return whether a column has a name, or something in it: exports end with empty ones."""
    return not re.fullmatch(r"column \d+", column) or any(row.get(column, "").strip() for row in rows)


def _scales(layout: Layout, rows: list[Row]) -> Iterator[str]:
    if layout.wide:
        yield from (column for column in layout.texts if is_scale(column, rows))
        return
    by_question: dict[str, list[Row]] = {}
    for row in rows:
        by_question.setdefault(layout.cell(row, "section"), []).append(row)
    yield from (question for question, asked in by_question.items() if is_scale(layout.texts[0], asked))


def _answers(
    place: str, row: Row, questions: _Questions, dates: Dates, source: Source, log: FileLog
) -> Iterator[Message]:
    filled, when = answers(place, row, questions.layout, dates, log)
    for column in filled:
        yield _answer(place, row, column, questions, when, source, log)


def _answer(
    place: str, row: Row, column: str, questions: _Questions, when: When, source: Source, log: FileLog
) -> Message:
    layout, question = questions.layout, questions.asked(row, column)
    text = clip(_plain(row[column]), log)
    words, on_scale = split_scale(text)
    skip = "no answer" if says_nothing(text) else None
    # A list may begin with a figure; only a bare one is a scale where most answers are words.
    if not skip and on_scale and (not any(c.isalpha() for c in text) or question in questions.scales):
        text, skip = words or text, None if words else "scale"
    author, handle = split_member(layout.cell(row, "author"))
    channel, team = layout.cell(row, "channel") or None, layout.cell(row, "team") or None
    # The same words without a date of their own may stand in the next file, too, and are no duplicate there.
    scope = "" if when.source == "record" else str(source.path)
    return Message(
        id=log.identify(NAME, scope, channel, team, question, when.moment, handle or author, text),
        source=NAME,
        file=source.name,
        locator=layout.locator(place, column) if layout.wide else place,
        kind="status",
        text=text,
        author=author,
        author_id=handle,
        channel=channel,
        team=team,
        timestamp=when.moment,
        time_source=when.source,
        time_precision=when.precision,
        tz_assumed=when.assumed,
        section=question,
        skip=skip,
    )


def _plain(text: str) -> str:
    """Return an answer as people saw it in the chat; entities are undone last, since they may spell markup."""

    def shown(match: re.Match[str]) -> str:
        sign, target, label = match.groups()
        if sign:
            name = (label or target.split("^")[0]).lstrip("@#")
            return f"#{name}" if sign == "#" else f"@{name}"
        return str(label or target) if label or ":" in target else match.group()

    return html.unescape(_MARKUP.sub(shown, text))
