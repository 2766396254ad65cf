"""Jira issues as CSV: summary with description, comments, and long prose in fields of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options, clip
from textsignals.readers.json_stream import is_jsonl
from textsignals.readers.sheets.cells import fold, number
from textsignals.readers.sheets.dates import Dates, When
from textsignals.readers.sheets.rows import head_text, records, sample
from textsignals.readers.sources import Folder, Source
from textsignals.records import Message

NAME = "jira"

# The columns that are read, by their names in the languages of Jira's menus.
_NAMES: Mapping[str, str] = {
    "key": "issuekey workitemkey key vorgangsschlüssel schlüssel clédeticket clé clavedeincidencia clave chavedoitem"
    " chave chiavesegnalazione issuesleutel",
    "summary": "summary zusammenfassung résumé resumen resumo riepilogo samenvatting sammanfattning",
    "description": "description beschreibung descripción descrição descrizione beschrijving beskrivning",
    "created": "created erstellt création créé creada creado criado creato aangemaakt skapad",
    "reporter": "reporter autor rapporteur informador informante relator segnalatore melder rapportör",
    "reporter id": "reporterid",
    "creator": "creator ersteller créateur creador criador creatore",
    "comment": "comment comments kommentar kommentare commentaire comentario comentário commento opmerking",
    "project": "projectname projektname nomduprojet nombredelproyecto nomedoprojeto",
    "type": "issuetype worktype workitemtype vorgangstyp typedeticket tipodeincidencia tipodeitem",
    "status": "status état estado stato",
    "labels": "labels stichwörter étiquettes etiquetas etichette",
    "votes": "votes stimmen votos voti",
    "attachment": "attachment anhang pièce adjunto anexo",
}
_ROLES = {fold(name): role for role, names in _NAMES.items() for name in names.split()}
_CUSTOM = re.compile(
    r"^(?:Custom field|Benutzerdefiniertes Feld|Champs? personnalisé|Campo personalizado) \((.{1,100})\)$"
)
_KEY = re.compile(r"[A-Z][A-Z0-9_]{0,30}-\d{1,9}")
_COMMENT = re.compile(r"^\s*([^;\n]{6,40});([^;\n]{0,200});")
_PEOPLE = frozenset(("assignee", "reporter", "creator", "watchers"))
# Fields of one's own hold numbers, ranks and choices; so many words were written by somebody.
_PROSE_WORDS = 12
_PAGE = 1_000
# Jira's markup.
_BLOCK = re.compile(r"\{(code|noformat|quote)(?::[^{}\n]{0,200})?\}.*?\{\1\}", re.DOTALL)
_QUOTED = re.compile(r"^[ \t]*bq\. [^\n]*", re.MULTILINE)
_BRACE = re.compile(
    r"\{/?(?:color|panel|expand|info|note|tip|warning|section|column|anchor|toc|status|adf)[^{}\n]{0,200}\}"
)
_MONO = re.compile(r"\{\{([^{}\n]{0,500})\}\}")
_PICTURE = re.compile(r"!(?!\s)[^!\n|]{1,300}\.\w{2,5}(?:\|[^!\n]{0,200})?!")
_MENTION = re.compile(r"\[~(?:accountid:)?([^\[\]\n]{1,200})\]")
_FILE = re.compile(r"\[\^[^\[\]\n]{1,300}\]")
_LINK = re.compile(r"\[([^\[\]|\n]{1,500})\|[^\[\]\n]{1,2000}\]")
_BARE_LINK = re.compile(r"\[((?:https?|mailto):[^\[\]|\s]{1,2000})\]")
_LINE = re.compile(r"^[ \t]*(?:h[1-6]\.|[*#-]{1,6}(?=[ \t])|-{4,}[ \t]*$)[ \t]*", re.MULTILINE)
_TABLE = re.compile(r"^[ \t]*\|{1,2}[^\n]*", re.MULTILINE)
_STRONG = re.compile(r"(?<![\w*])([*_+])(?=\S)([^*_+\n]{1,500})(?<=\S)\1(?![\w*])")
_ESCAPE = re.compile(r"\\([{}\[\]*_!|#+-])")


@dataclass(slots=True)
class _Export:
    """One file: its columns by role, and the names of the people whom texts mention by id."""

    source: Source
    log: FileLog
    dates: Dates
    columns: list[str]
    roles: dict[str, list[int]]
    names: dict[str, str]

    def cells(self, row: list[str], role: str) -> list[str]:
        """Return what stands in all columns of one name: Jira repeats a column for each further value."""
        return [row[i].strip() for i in self.roles.get(role, ()) if i < len(row) and row[i].strip()]

    def cell(self, row: list[str], role: str) -> str:
        return next(iter(self.cells(row, role)), "")


def sniff(source: Source | Folder) -> float:
    """Return 0.9 for a table with keys of issues and their summaries, by Jira's own names of columns or by the keys."""
    if isinstance(source, Folder):
        return 0.0
    text = head_text(source)
    if "\x00" in text or is_jsonl(text):
        return 0.0
    rows = sample(text)
    roles = _roles(rows[0]) if rows else {}
    if not {"key", "summary"} <= roles.keys():
        return 0.0
    if "Issue key" in map(str.strip, rows[0]) and "Summary" in map(str.strip, rows[0]):
        return 0.9
    keys = [row[roles["key"][0]].strip() for row in rows[1:] if len(row) > roles["key"][0]]
    return 0.9 if any(_KEY.fullmatch(key) for key in keys) else 0.0


def read(source: Source | Folder, log: FileLog, options: Options) -> Iterator[Message]:
    """Yield a message for each issue, for each of its comments and for long prose in fields of one's own."""
    assert isinstance(source, Source)
    rows = records(source, log)
    _, columns = next(rows, ("", []))
    roles = _roles(columns)
    if not {"key", "summary"} <= roles.keys():
        raise InputError(source.name, "has no columns 'Issue key' and 'Summary'", hint="export it with all fields")
    dates = Dates(_written(source, roles), options, log)
    export = _Export(source, log, dates, columns, roles, _people(source, columns))
    log.details["columns"] = len(columns)
    for place, row in rows:
        if row[: len(columns)] == columns:
            log.leave_out("repeated header")
            continue
        log.details["issues"] += 1
        yield from _issue(place, row, export)
    if log.details["issues"] == _PAGE:
        log.assume(f"exactly {_PAGE:,} issues: Jira stops there, so there may be more; export the rest by date")
    if not log.read:
        raise InputError(source.name, "has a header but no rows", hint="export it again with its data")


def _roles(columns: list[str]) -> dict[str, list[int]]:
    """Return the places of the columns by role; those that share a name are one."""
    roles: dict[str, list[int]] = {}
    for i, column in enumerate(columns):
        role = _ROLES.get(fold(column)) or ("custom" if _CUSTOM.match(column.strip()) else "")
        if role:
            roles.setdefault(role, []).append(i)
    return roles


def _written(source: Source, roles: Mapping[str, list[int]]) -> Iterator[str]:
    at = roles.get("created", [])
    for _, row in records(source, FileLog(source.name, NAME)):
        yield from (row[i] for i in at if i < len(row))


def _people(source: Source, columns: list[str]) -> dict[str, str]:
    """Return the names of people by id, from all rows: the column with an id stands behind the one with the name."""
    pairs = [
        i
        for i, (name, id_) in enumerate(pairwise(column.strip().casefold() for column in columns))
        if name in _PEOPLE and fold(id_) == f"{fold(name)}id"
    ]
    names: dict[str, str] = {}
    for _, row in records(source, FileLog(source.name, NAME)) if pairs else ():
        names |= {row[i + 1].strip(): row[i].strip() for i in pairs if i + 1 < len(row) and row[i].strip()}
    return {id_: name for id_, name in names.items() if id_ and fold(id_) not in {f"{p}id" for p in _PEOPLE}}


def _issue(place: str, row: list[str], export: _Export) -> Iterator[Message]:
    key = export.cell(row, "key")
    if not _KEY.fullmatch(key):
        export.log.met()
        export.log.quarantine(place, "has no key of an issue", "export it again, and let no program change it")
        return
    when = export.dates.when(export.cell(row, "created"))
    export.log.met()
    if when.problem:
        export.log.quarantine(place, when.problem, "export it again, and let no program change it")
    else:
        yield _card(place, key, row, when, export)
    yield from _fields(place, key, row, when, export)
    # A row may be longer than the header, where its last name stands for more values than the first rows had.
    for nth, cell in enumerate(export.cells(row, "comment") + _beyond(row, export), start=1):
        yield from _comment(f"{place}, comment {nth}", key, cell, row, export)


def _beyond(row: list[str], export: _Export) -> list[str]:
    return [cell for cell in row[len(export.columns) :] if _COMMENT.match(cell)]


def _card(place: str, key: str, row: list[str], when: When, export: _Export) -> Message:
    text = f"{export.cell(row, 'summary')}\n{_plain(export.cell(row, 'description'), export.names)}"
    text = clip(text, export.log)
    votes = number(export.cell(row, "votes"))
    meta = {role: export.cell(row, role) for role in ("type", "status") if export.cell(row, role)}
    labels = export.cells(row, "labels")
    author = export.cell(row, "reporter") or export.cell(row, "creator")
    return Message(
        id=f"{NAME}:{key}",
        source=NAME,
        file=export.source.name,
        locator=place,
        kind="card",
        text=text,
        author=export.names.get(author, author) or None,
        author_id=export.cell(row, "reporter id") or None,
        channel=_project(key, row, export),
        timestamp=when.moment,
        time_source=when.source,
        time_precision=when.precision,
        tz_assumed=when.assumed,
        thread_id=key,
        votes=votes or None,
        attachments=tuple(cell.split(";")[2] for cell in export.cells(row, "attachment") if cell.count(";") > 2),
        skip=None if text else "empty",
        meta={**meta, "labels": labels} if labels else meta,
    )


def _project(key: str, row: list[str], export: _Export) -> str:
    return export.cell(row, "project") or key.rpartition("-")[0]


def _fields(place: str, key: str, row: list[str], when: When, export: _Export) -> Iterator[Message]:
    for i in export.roles.get("custom", ()):
        cell = row[i].strip() if i < len(row) else ""
        named = _CUSTOM.match(export.columns[i].strip())
        if not _is_prose(cell) or when.problem:
            export.log.details["custom fields left out"] += bool(cell)
        elif named:
            text = clip(_plain(cell, export.names), export.log)
            export.log.met()
            yield Message(
                id=export.log.identify(NAME, key, named.group(1), cell),
                source=NAME,
                file=export.source.name,
                locator=f"{place}, column {i + 1}",
                kind="note",
                text=text,
                channel=_project(key, row, export),
                timestamp=when.moment,
                time_source=when.source,
                time_precision=when.precision,
                tz_assumed=when.assumed,
                thread_id=key,
                reply_to=key,
                section=named.group(1),
                skip=None if text else "empty",
            )


def _is_prose(cell: str) -> bool:
    """Return whether a field was written by somebody: many words, and neither a list of settings nor JSON."""
    words = cell.split()
    return len(words) >= _PROSE_WORDS and cell[0] not in "{[<" and 4 * sum("=" in word for word in words) < len(words)


def _comment(place: str, key: str, cell: str, row: list[str], export: _Export) -> Iterator[Message]:
    export.log.met()
    author_id, text, when = "", cell, When()
    found = _COMMENT.match(cell)
    if found:
        when = export.dates.when(found.group(1))
        # A text may have semicolons of its own; one without a date in front has no author in front either.
        if not when.problem.endswith("is not a date"):
            author_id, text = found.group(2).strip(), cell[found.end() :]
        else:
            when = When()
    if when.problem:
        export.log.quarantine(place, when.problem, "export it again, and let no program change it")
        return
    plain = clip(_plain(text, export.names), export.log)
    yield Message(
        # The text as it stands: which names are known differs between two exports.
        id=export.log.identify(NAME, key, when.moment, author_id, text),
        source=NAME,
        file=export.source.name,
        locator=place,
        kind="comment",
        text=plain,
        author=export.names.get(author_id, author_id) or None,
        author_id=author_id or None,
        channel=_project(key, row, export),
        timestamp=when.moment,
        time_source=when.source,
        time_precision=when.precision,
        tz_assumed=when.assumed,
        thread_id=key,
        reply_to=key,
        skip=None if plain else "quote" if "{quote}" in text or "bq. " in text else "empty",
    )


def _plain(text: str, names: Mapping[str, str]) -> str:
    """Return Jira's markup as the words of its author: without code and quotes, mentions as @name."""
    text = _QUOTED.sub("", _BLOCK.sub("\n", text))
    text = _FILE.sub("", _PICTURE.sub("", _BRACE.sub("", text)))
    text = _MENTION.sub(
        lambda m: f"@{names.get(m.group(1), 'someone' if _is_number(m.group(1)) else m.group(1))}", text
    )
    text = _BARE_LINK.sub(r"\1", _LINK.sub(r"\1", text))
    text = _TABLE.sub(lambda m: " ".join(m.group().replace("|", " ").split()), text)
    text = _STRONG.sub(r"\2", _LINE.sub("", _MONO.sub(r"\1", text))).replace("\\\\", "\n")
    lines = (line.strip() for line in _ESCAPE.sub(r"\1", text).split("\n"))
    return "\n".join(line for line in lines if line)


def _is_number(id_: str) -> bool:
    """Return whether an id of a person is one that nobody can read, as those of Jira in the cloud are."""
    return bool(re.search(r"\d{4}|:", id_))
