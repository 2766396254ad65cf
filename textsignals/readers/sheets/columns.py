"""Which column of a table plays which role, found by its name in several languages, and which columns hold texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from textsignals.errors import InputError
from textsignals.readers.base import FileLog, Options
from textsignals.readers.sheets.cells import fold, split_scale
from textsignals.readers.sheets.dates import Dates, When
from textsignals.readers.sheets.rows import Row
from textsignals.readers.times import parse_time

# The names under which columns are looked for, best first, compared without case, accents, blanks and signs.
ROLES: Mapping[str, list[str]] = {
    "text": (
        "text message body content comment feedback answer response reply note notes description sentence utterance"
        " remark card idea sticky stickynote update"
        " texte nachricht kommentar bemerkung antwort beschreibung notiz inhalt karte rückmeldung"
        " commentaire réponse remarque contenu note texto mensaje comentario respuesta contenido nota"
        " mensagem comentário resposta conteúdo testo messaggio commento risposta contenuto"
        " tekst bericht opmerking antwoord reactie notitie meddelande kommentarer svar"
        " komentarz wiadomość treść odpowiedź текст сообщение комментарий ответ"
        " 内容 コメント 本文 メッセージ 回答 文本 消息 评论"
    ).split(),
    "author": (
        "author user username displayname fullname name member membername sender from who speaker person participant"
        " employee createdby postedby submittedby respondent teammember owner"
        " autor auteur benutzer benutzername verfasser mitarbeiter bearbeiter absender teilnehmer ersteller wer"
        " utilisateur nom expéditeur participant membre usuario nombre remitente miembro participante persona"
        " utilizador nome remetente membro utente mittente autore membro dipendente"
        " gebruiker naam afzender lid medewerker deelnemer författare användare namn avsändare"
        " użytkownik imię nadawca автор пользователь имя сотрудник участник"
        " 名前 氏名 投稿者 作成者 ユーザー 姓名 作者 用户"
        " email emailaddress mail userid authorid memberid personid employeeid handle"
    ).split(),
    "date": (
        "timestamp date datetime time createdat created createddate creationdate sentat postedat submittedat"
        " submitted submissiondate day ts when reportedat reportdate"
        " datum fecha zeit zeitpunkt zeitstempel erstellt erstelltam gesendet tag wann"
        " dateheure horodatage créé créele fechahora marcatemporal creado enviado"
        " data datahora criado criadoem dataora creato tijd tijdstip aangemaakt tidpunkt skapad"
        " utworzono дата время создано 日付 日時 作成日時 タイムスタンプ 日期 时间"
    ).split(),
    "team": (
        "team teamname squad group department unit crew tribe abteilung gruppe mannschaft equipe equipo grupo"
        " departamento squadra gruppo reparto ploeg afdeling groep lag avdelning grupp zespół dział"
        " команда группа отдел チーム 部署 团队 部门"
    ).split(),
    "channel": (
        "channel channelname room board boardname list conversation space thread standup standupname kanal canal canale"
        " kanaal raum pokój канал チャンネル 频道"
    ).split(),
    "section": (
        "section column columnname prompt question category topic lane kind type spalte frage kategorie thema"
        " colonne question catégorie columna pregunta categoría coluna pergunta categoria colonna domanda"
        " kolom vraag categorie kolumn fråga kolumna pytanie kategoria столбец вопрос категория"
        " 質問 カテゴリ 列 问题 类别"
    ).split(),
    "votes": (
        "votes vote votecount numberofvotes upvotes likes stimmen votos voti stemmen röster głosy голоса 投票数"
    ).split(),
}
# Other names of columns that are usual: what stand-ups and boards ask, and what tables of records hold.
_USUAL = """\
yesterday, today, tomorrow, blocker, blockers, blocked, blocks, blockades, impediments, obstacles, plan, plans
progress, mood, feeling, energy, what did you do, what did you do yesterday, what did you do since yesterday
what blocks you, what will you do today, what are you doing today, what are you working on, any blockers
is anything blocking you, anything blocking your progress, what is blocking you, how do you feel
how do you feel today, how are you feeling, went well, what went well, what did not go well, what didn't go well
what went wrong, to improve, improve, what can we improve, what could be improved, start, stop, continue, mad, sad
glad, liked, learned, lacked, longed for, kudos, ideas, actions, action items, risks, highlights, lowlights
concerns, questions, start doing, stop doing, keep doing, gestern, heute, blockaden, morgen, hindernisse, hier
aujourd'hui, blocages, ayer, bloqueos, ontem, hoje, bloqueios, ieri, oggi, blocchi, gisteren, vandaag, blokkades
igår, idag, вчера, сегодня, 昨日, 今日, id, key, uuid, number, index, row, size, status, state, score, scale
rating, priority, severity, url, link, title, summary, subject, label, labels, tag, tags, language, country
location, region, source, version, sprint, project, extra, meta, metadata, attachments, reactions, thread id
message id, reply to, parent id, updated at, deleted at"""
_FOLDED = {role: tuple(dict.fromkeys(map(fold, names))) for role, names in ROLES.items()}
_PUBLIC = frozenset(name for names in _FOLDED.values() for name in names) | set(map(fold, re.split("[,\n]", _USUAL)))
# Names of dates that are other words, too: such a column is one only if a date stands in it.
_MAYBE_DATES = frozenset("data day tag ts when wann time created sent submitted".split())
# Headers of sheets with a column for each question: stand-ups and retro boards.
_QUESTION = re.compile(
    r"\?|yesterday|today|tomorrow|block(?:er|ed)|impediment|went well|go well|improve|start|stop|continue|mad|sad|glad"
    r"|liked|learned|lacked|longed|progress|finished|done|plan|risk|highlight|lowlight|concern|kudos|idea|action"
    r"|gestern|heute|morgen|hindernis|blockad|verbesser|gut gelaufen|hier\b|aujourd|obstacle|blocage|améliorer"
    r"|ayer|hoy\b|mañana|bloqueo|obstáculo|mejorar|ontem|hoje|bloqueio|melhorar|ieri|oggi|domani|blocchi|migliorare"
    r"|gisteren|vandaag|blokkade|verbeteren|igår|idag|hinder|wczoraj|dzisiaj|dziś|вчера|сегодня|昨日|今日|課題|？",
    re.IGNORECASE,
)
_DATES_LOOKED_AT = 20
# So many names are listed in a message.
_MOST_LISTED = 12
_NESTED = re.compile(r"^(?:\{.*\}|\[.*\])$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column plays which role, and the columns that hold texts: one in long tables, several in wide ones."""

    columns: tuple[str, ...]
    roles: Mapping[str, str]
    texts: tuple[str, ...]

    @property
    def wide(self) -> bool:
        """Whether each text column is a question of its own."""
        return "text" not in self.roles

    def cell(self, row: Row, role: str) -> str:
        """Return what a row says in a role, "" if it has no such column."""
        return row.get(self.roles.get(role, ""), "").strip()

    def locator(self, place: str, column: str) -> str:
        """Return where a cell stands; without the column's name, which may be a person's."""
        return f"{place}, column {self.columns.index(column) + 1}"


def answers(place: str, row: Row, layout: Layout, dates: Dates, log: FileLog) -> tuple[list[str], When]:
    """Return the text columns that a row fills and are to be read, and the time of the row.

    Each is met; a row without any is left out as empty, and one whose time cannot be is quarantined as a whole.
    """
    filled = [column for column in layout.texts if row.get(column, "").strip()]
    if not filled:
        log.leave_out("empty")
        return [], When()
    log.met(len(filled))
    when = dates.when(layout.cell(row, "date"))
    if when.problem:
        for _ in filled:
            log.quarantine(place, when.problem, "write dates as 2026-03-31")
        return [], when
    return filled, when


def plays(role: str, column: str) -> bool:
    """Return whether a column's name is one of those of a role."""
    return fold(column) in _FOLDED[role]


def known(columns: Iterable[str]) -> int:
    """Return how many of the columns have a name that some role has."""
    return sum(any(plays(role, column) for role in ROLES) for column in columns)


def among(columns: Sequence[str]) -> str:
    """Return the columns as an error may list them: usual names only, since a first row may be no heading but data.

    >>> among(["date", "Ann Lee", "team"]), among(["Ann Lee", "Ben Okafor"])
    (': date, team and 1 other', ' its 2 columns')
    """
    public = [column for column in columns if fold(column) in _PUBLIC]
    return f": {_listed(public, len(columns))}" if public else f" its {len(columns)} column{'s' * (len(columns) != 1)}"


def no_texts(problem: str, columns: Sequence[str], log: FileLog) -> InputError:
    """Return the error for a table in which no column holds texts."""
    hint = "name it with --column text=NAME; the first row must hold the names of the columns"
    return InputError(log.file, f"{problem} among{among(columns)}", hint=hint)


def _called(columns: Sequence[str]) -> dict[str, str]:
    """Return what a message may call each column: its name if it is a usual one, else its place."""
    return {c: c if fold(c) in _PUBLIC else f"column {i}" for i, c in enumerate(columns, start=1)}


def _listed(names: Sequence[str], of: int) -> str:
    more = of - min(len(names), _MOST_LISTED)
    others = f" and {more} other{'s' * (more > 1)}" if more else ""
    return ", ".join(names[:_MOST_LISTED]) + others


def find_roles(columns: list[str], sample: list[Row], log: FileLog, options: Options) -> dict[str, str]:
    """Return the column of each role: the one asked for, else the first with one of the role's names.

    Raises InputError if a column that was asked for is not there.
    """
    roles: dict[str, str] = {}
    reserved = set(map(fold, options.columns.values()))
    folded = {column: fold(column) for column in columns}
    for role, names in _FOLDED.items():
        wanted = options.columns.get(role)
        asked = next((c for c in columns if wanted and folded[c] == fold(wanted)), wanted)
        if asked and asked not in columns:
            # The name that was asked for may be a person's, too, and whoever asked knows it.
            raise InputError(
                log.file, f"has no column of the name given for {role}", hint=f"choose among{among(columns)}"
            )
        found = [
            c
            for name in names
            for c in columns
            if folded[c] == name and c not in roles.values() and name not in reserved
            if not (role == "date" and name in _MAYBE_DATES) or _holds_dates(c, sample)
        ]
        if asked or found:
            roles[role] = asked or found[0]
    return roles


def find_layout(columns: list[str], sample: list[Row], log: FileLog, options: Options) -> Layout:
    """Return the layout of a table from its columns and first rows, and note which was taken for what.

    Raises InputError if no column holds texts.
    """
    roles = find_roles(columns, sample, log, options)
    if "text" in roles:
        texts: tuple[str, ...] = (roles["text"],)
    else:
        texts = tuple(c for c in columns if c not in roles.values() and holds_texts(c, sample))
        if not texts:
            raise no_texts("has no text column", columns, log)
    note_layout(columns, roles, texts, log)
    return Layout(tuple(columns), roles, texts)


def note_layout(columns: list[str], roles: Mapping[str, str], texts: tuple[str, ...], log: FileLog) -> None:
    """Tell in the log which column was taken for what; by its place if its name could be a person's or a text."""
    called = _called(columns)
    if "text" not in roles:
        log.assume(f"each of these columns holds texts: {_listed([called[c] for c in texts], len(texts))}")
    if roles:
        log.assume("columns: " + ", ".join(f"{role} = {called[column]}" for role, column in roles.items()))
    unused = [called[c] for c in columns if c not in {*roles.values(), *texts}]
    if unused:
        log.assume(f"columns not used: {_listed(unused, len(unused))}")
    # Without a name on it, a sheet counts as anonymous, and then no number of people is asked for.
    if "author" not in roles:
        log.assume("no author column: the texts speak for the group; if one is there, name it: --column author=NAME")


def _holds_dates(column: str, sample: list[Row]) -> bool:
    cells = [row[column].strip() for row in sample if row.get(column, "").strip()]
    return not cells or any(_is_date(cell) for cell in cells[:_DATES_LOOKED_AT])


def _is_date(cell: str) -> bool:
    for day_first in (False, True):
        try:
            parse_time(cell, day_first)
        except (ValueError, OverflowError):
            continue
        return True
    return False


def holds_texts(column: str, sample: list[Row]) -> bool:
    """Return whether a column holds answers: by its header, else by prose (more than three words on average)."""
    cells = [row[column].strip() for row in sample if row.get(column, "").strip()]
    if not cells or 2 * sum(bool(_NESTED.match(cell)) for cell in cells) > len(cells):
        return False
    if _QUESTION.search(column):
        return any(re.search(r"[^\W\d_]{2}", cell) for cell in cells)
    words = sum(len(cell.split()) for cell in cells)
    return words / len(cells) > 3 and len(set(cells)) > len(cells) / 2


def is_scale(column: str, sample: list[Row]) -> bool:
    """Return whether most answers in a column are on a scale: a number, or one with a label."""
    cells = [row[column] for row in sample if row.get(column, "").strip()]
    return bool(cells) and 2 * sum(split_scale(cell)[1] for cell in cells) > len(cells)
