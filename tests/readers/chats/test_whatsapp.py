"""WhatsApp: every way to write a date against one list, the order of days, names, notices in many languages, damage."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from damage import MANY, damaged, read_anyway
from exports import read_all, write, write_zip
from hypothesis import given
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import Seen
from textsignals.readers.chats import whatsapp, whatsapp_dates
from textsignals.readers.chats.whatsapp_dates import start
from textsignals.readers.sources import open_file

ENTRIES = [
    ((2026, 1, 30, 0, 5, 9), "Ana", "We agreed on the plan:\n- ask Ben\n\n- ship it"),
    ((2026, 1, 30, 12, 40, 0), "Ben Ode 🤓", "https://example.org: read it"),
    ((2026, 2, 13, 15, 4, 30), "+49 171 1234567", "It’s done"),
]
# Date, time and name as phones write them: `date` by order, `clock` of 24 or 12 hours, what stands around.
PATTERNS = {
    "android, 24 h": "{d:02}/{m:02}/{y}, {H:02}:{M:02} - ",
    "android, one digit": "{d}/{m}/{yy}, {H}:{M:02} - ",
    "android, month first, 12 h": "{m}/{d}/{yy}, {I}:{M:02} {P} - ",
    "android, narrow blank before PM": "{m}/{d}/{yy}, {I}:{M:02}\u202f{P} - ",
    "android, small pm": "{d:02}/{m:02}/{y}, {I}:{M:02}\xa0{p} - ",
    "android, Spanish": "{d}/{m}/{y} {I}:{M:02} {ps} - ",
    "android, Spanish, no-break": "{d}/{m}/{y}, {I:02}:{M:02} {ps_nb} - ",
    "android, a.m.": "{d}/{m}/{y}, {I:02}:{M:02} {pd} - ",
    "android, German": "{d:02}.{m:02}.{yy}, {H:02}:{M:02} - ",
    "android, Dutch": "{d:02}-{m:02}-{y} {H:02}:{M:02} - ",
    "android, Swedish": "{y}-{m:02}-{d:02} {H:02}:{M:02} - ",
    "android, Danish": "{d:02}.{m:02}.{y} {H:02}.{M:02} - ",
    "android, French": "{d:02}/{m:02}/{y} à {H:02}:{M:02} - ",
    "android, Finnish": "{d}.{m}.{y} klo {H}.{M:02} - ",
    "android, Hungarian": "{y}. {m:02}. {d:02}. {H:02}:{M:02} - ",
    "android, Czech": "{d}. {m}. {y} {H}:{M:02} - ",
    "android, Bulgarian": "{d:02}.{m:02}.{yy} г., {H:02}:{M:02} ч. - ",
    "android, Chinese": "{y}/{m}/{d} {cn}{I}:{M:02} - ",
    "android, Korean": "{y}. {m}. {d}. {kr} {I}:{M:02} - ",
    "android, en dash": "{d:02}/{m:02}/{y}, {H:02}:{M:02} – ",
    "iphone": "[{d:02}/{m:02}/{y}, {H:02}:{M:02}:{S:02}] ",
    "iphone, year first": "[{y}-{m:02}-{d:02}, {H:02}:{M:02}:{S:02}] ",
    "iphone, month first, 12 h": "[{m}/{d}/{yy}, {I}:{M:02}:{S:02}\u202f{P}] ",
    "iphone, no comma": "[{d:02}-{m:02}-{yy} {H:02}:{M:02}:{S:02}] ",
    "iphone, no seconds": "[{d:02}/{m:02}/{yy} {H:02}:{M:02}] ",
    "iphone, German": "[{d:02}.{m:02}.{yy}, {H:02}:{M:02}:{S:02}] ",
    "iphone, Finnish": "[{d}.{m}.{y} klo {H}.{M:02}.{S:02}] ",
    "iphone, Chinese": "[{y}/{m}/{d} {cn}{I}:{M:02}:{S:02}] ",
    "iphone, Spanish": "[{d}/{m}/{yy}, {I}:{M:02}:{S:02} {ps_nb}] ",
    "iphone, marks": "\u200e[{d:02}/{m:02}/{y}, {H:02}:{M:02}:{S:02}] ",
    "iphone, Arabic": "[{ad}\u200f/{am}\u200f/{ay}، {H:02}:{M:02}:{S:02}] ",
    "iphone of 2014": "{d:02}/{m:02}/{yy} {H:02}:{M:02}:{S:02}: ",
}
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def prefix(pattern, moment):
    y, m, d, hour, minute, second = moment
    late = hour >= 12
    return pattern.format(
        y=y, yy=y % 100, m=m, d=d, H=hour, M=minute, S=second, I=hour % 12 or 12,
        P="PM" if late else "AM", p="pm" if late else "am", ps="p. m." if late else "a. m.",
        ps_nb="p.\xa0m." if late else "a.\xa0m.", pd="p.m." if late else "a.m.", cn="下午" if late else "上午",
        kr="오후" if late else "오전", ay=str(y).translate(ARABIC), am=str(m).translate(ARABIC),
        ad=str(d).translate(ARABIC),
    )  # fmt: skip


def chat(pattern=PATTERNS["android, 24 h"], entries=ENTRIES):
    return "".join(f"{prefix(pattern, moment)}{name}: {text}\n" for moment, name, text in entries)


VALID = chat().encode()


def put(folder, text, name="chat.txt", encoding="utf-8"):
    return write(folder / name, text if isinstance(text, bytes) else text.encode(encoding))


def rows(messages):
    return [(m.timestamp, m.author, m.text) for m in messages]


@pytest.mark.parametrize("name", PATTERNS)
def test_every_way_to_write_a_date_gives_the_same_messages(tmp_path, name):
    reading = ts.read(put(tmp_path, chat(PATTERNS[name])))
    has_seconds = "S:" in PATTERNS[name]
    expected = [
        (datetime(*moment[:5], moment[5] if has_seconds else 0, tzinfo=UTC), author, text)
        for moment, author, text in ENTRIES
    ]
    messages = list(reading)
    assert rows(messages) == expected
    assert {m.time_precision for m in messages} == {"second" if has_seconds else "minute"}
    report = reading.report.files[0]
    assert (report.format, reading.report.problems) == ("whatsapp", ())
    assert report.details == {"entries": 3, "without a name": 0, "continuation lines": 2, "names": 3}


WRAPPED = {
    "byte order mark and CRLF": lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "no line end at the end": lambda text: text.rstrip().encode(),
    "empty lines first": lambda text: b"\n\n" + text.encode(),
}


@pytest.mark.parametrize("name", WRAPPED)
def test_bytes_around_the_text_do_not_matter(tmp_path, name):
    expected = rows(ts.read(put(tmp_path, chat(), "plain.txt")))
    assert rows(ts.read(put(tmp_path, WRAPPED[name](chat())))) == expected


def test_the_time_is_that_of_the_phone(tmp_path):
    messages, report = read_all(put(tmp_path, chat()), tz=ZoneInfo("America/Sao_Paulo"))
    assert messages[0].timestamp == datetime(2026, 1, 30, 3, 5, tzinfo=UTC)
    assert all(m.tz_assumed and m.time_source == "record" for m in messages)
    assert report.files[0].assumptions == (
        "date order: dmy, as all dates of the file together show",
        "time zone: America/Sao_Paulo for times that name none",
    )


@pytest.mark.parametrize(
    ("lines", "given_", "days"),
    [
        (["1/2/26", "13/2/26"], None, ["02-01", "02-13"]),
        (["1/2/26", "2/13/26"], None, ["01-02", "02-13"]),
        # No number is over 12, but only one reading goes on in time.
        (["9/2/26", "10/2/26", "1/3/26"], None, ["02-09", "02-10", "03-01"]),
        (["2/9/26", "2/10/26", "3/1/26"], None, ["02-09", "02-10", "03-01"]),
        (["26/2/9", "26/2/10", "26/3/1"], None, ["02-09", "02-10", "03-01"]),
        # The numbers are told, what the user says is for files that leave it open.
        (["1/2/26", "13/2/26"], "mdy", ["02-01", "02-13"]),
        (["1/2/26", "2/2/26"], "mdy", ["01-02", "02-02"]),
        (["1/2/26", "2/2/26"], "dmy", ["02-01", "02-02"]),
        (["26/1/2", "26/1/3"], None, ["01-02", "01-03"]),
        (["26/1/12", "26/1/13"], "ymd", ["01-12", "01-13"]),
        (["26/1/2", "26/1/3"], "ymd", ["01-02", "01-03"]),
        # These do not depend on it.
        (["2026-01-02", "2026-02-01"], None, ["01-02", "02-01"]),
        (["2026/01/02", "2026.02.01"], "dmy", ["01-02", "02-01"]),
        (["1/1/26", "2/2/26"], None, ["01-01", "02-02"]),
    ],
)
def test_the_order_is_decided_once_for_the_file(tmp_path, lines, given_, days):
    text = "".join(f"{day}, 10:00 - Ana: hello\n" for day in lines)
    messages = list(ts.read(put(tmp_path, text), date_order=given_))
    assert [f"{m.timestamp:%m-%d}" for m in messages] == days
    assert {m.timestamp.year for m in messages} == {2026}


@pytest.mark.parametrize("lines", [["1/2/26"], ["1/2/26", "2/3/26", "3/4/26"], ["1/2/2026", "1/2/2026"]])
def test_a_chat_whose_dates_read_both_ways_asks(tmp_path, lines):
    path = put(tmp_path, "".join(f"{day}, 10:00 - Ana: hello\n" for day in lines))
    with pytest.raises(InputError) as error:
        list(ts.read(path, format="whatsapp"))
    assert str(error.value) == (
        f"{path}: its dates can be read in two ways ({lines[0]}); say which number is the day: --date-order dmy "
        "(day first) or --date-order mdy (month first)"
    )


def test_a_few_dates_that_read_both_ways_do_not_stop_a_file_of_clear_ones(tmp_path):
    text = "2026-01-02, 10:00 - Ana: a\n2026-01-03, 10:00 - Ana: b\n05/01/2026, 10:00 - Ana: c\nand more\n"
    reading = ts.read(put(tmp_path, text))
    assert [m.text for m in reading] == ["a", "b"]
    assert [str(p) for p in reading.report.problems] == [
        f"{tmp_path}/chat.txt, line 3: the date 05/01/2026 can be read in two ways; give --date-order dmy or mdy"
    ]
    assert [m.text for m in ts.read(put(tmp_path, text), date_order="dmy")] == ["a", "b", "c\nand more"]


def test_a_long_chat_is_decided_early_and_read_as_if_late(tmp_path, monkeypatch):
    monkeypatch.setattr(whatsapp_dates, "_ENOUGH_ENTRIES", 200)
    days = [(2026, 1 + i // 28, 1 + i % 28, 9, 0, 0) for i in range(84)]
    entries = [(day, "Ana", f"note {n}") for day in days for n in range(5)]
    text = chat(entries=entries)
    assert len(list(ts.read(put(tmp_path, text)))) == len(entries)
    # Styles that first occur beyond what was looked at: a quotation stays one, another export is read.
    quotation = "[1/5/26, 10:00:00] Ben: a quotation\n"
    reading = ts.read(put(tmp_path, text + quotation))
    assert [m.text for m in reading][-1] == "note 4\n" + quotation.strip()
    assert reading.report.files[0].details["other lines that begin with a date"] == 1
    for more in (2, 9):
        other = chat(PATTERNS["iphone"], [(day, "Ben", f"more {n}") for day in days for n in range(more)])
        reading = ts.read(put(tmp_path, text + other))
        assert len(list(reading)) == len(entries) + 84 * more
        assert reading.report.problems == ()


def test_lines_of_a_text_that_begin_with_a_date_belong_to_it(tmp_path):
    entries = [
        (
            ENTRIES[0][0],
            "Ana",
            "Ana, [1/1/70, 1:00 AM]\n[30/01/2026, 00:01:00] Ben: theirs\n2026-02-01: ask\n1.2. done",
        ),
        (ENTRIES[1][0], "Ben", "30/01/2026, afternoon - plan: ship\n12:40 - tea: yes"),
        ENTRIES[2],
    ]
    reading = ts.read(put(tmp_path, chat(entries=entries)))
    assert [m.text for m in reading] == [text for _, _, text in entries]
    assert reading.report.files[0].details["other lines that begin with a date"] == 1


ANDROID, IPHONE = "30/01/2026, 10:00 - ", "[30/01/2026, 10:00:00] "


def one(folder, line, **options):
    [found] = ts.read(put(folder, line + "\n"), format="whatsapp", system=True, **options)
    return found


@pytest.mark.parametrize(
    ("written", "author", "text"),
    [
        ("Ana: hello", "Ana", "hello"),
        ("~ Ana: hello", "Ana", "hello"),
        ("~\u202fAna: hello", "Ana", "hello"),
        ("\u202a+49 171 1234567\u202c: hello", "+49 171 1234567", "hello"),
        ("Ana :): hello", "Ana :)", "hello"),
        ("🤓: hello", "🤓", "hello"),
        ("Ana\xa0Silva : hello", "Ana Silva", "hello"),
        ("Ana: note: yes: no", "Ana", "note: yes: no"),
        ("Ana:.", "Ana", "."),
        ("Jessie & James: hi", "Jessie & James", "hi"),
        ("Ana: at 10:30", "Ana", "at 10:30"),
        ("Ana: @4917112345678 and @\u2068+49 171 12\u2069 and @\u2068~Ben Ode\u2069", "Ana", None),
    ],
)
@pytest.mark.parametrize("style", [ANDROID, IPHONE])
def test_names_and_texts(tmp_path, style, written, author, text):
    found = one(tmp_path, style + written)
    assert (found.author, found.skip) == (author, None)
    assert found.text == (text or "@someone and @someone and @~Ben Ode")


def test_a_name_with_a_colon_is_known_by_its_placeholders(tmp_path):
    lines = ["Work: Ana: <Media omitted>", "Work: Ana: note: this", "Work: Ana: This message was deleted", "Bo: a: b"]
    messages = list(ts.read(put(tmp_path, "".join(f"{ANDROID}{line}\n" for line in lines)), system=True))
    assert [(m.author, m.skip) for m in messages] == [
        ("Work: Ana", "media only"),
        ("Work: Ana", None),
        ("Work: Ana", "deleted"),
        ("Bo", None),
    ]
    assert [m.text for m in messages][1::2] == ["note: this", "a: b"]


@pytest.mark.parametrize(
    ("line", "skip"),
    [
        ("Messages and calls are end-to-end encrypted. Tap to learn more.", "system"),
        ('Ana created group "Team: blue"', "system"),
        ("Ana changed the subject from “a: b” to “c”", "system"),
        ("Ana changed the group description to: be kind", "system"),
        ("Ana changed this group's icon", "system"),
        ("Ana added Ben", "join or leave"),
        ("You were added", "join or leave"),
        ("\u202a+49 171 1234567\u202c left", "join or leave"),
        ("Ana joined using this group's invite link", "join or leave"),
        ("Ana hat Ben hinzugefügt", "join or leave"),
        ("Ana salió del grupo", "join or leave"),
        ("Ana a quitté le groupe", "join or leave"),
        ("Ana saiu", "join or leave"),
        ("Ana è uscita dal gruppo", "join or leave"),
        ("Ana heeft de groep verlaten", "join or leave"),
        ("Анна добавила Бориса", "join or leave"),
        ("Missed voice call", "call"),
    ],
)
def test_lines_without_a_name_are_of_the_software(tmp_path, line, skip):
    found = one(tmp_path, ANDROID + line)
    assert (found.kind, found.skip, found.author) == ("system", skip, None)


@pytest.mark.parametrize(
    ("line", "skip", "kind"),
    [
        (
            "Blue team: \u200eMessages and calls are end-to-end encrypted. Only people here can read them.",
            "system",
            "system",
        ),
        ("Ana: \u200eAna changed their phone number to a new number", "system", "system"),
        ("Blue team: \u200eAna added Ben", "join or leave", "system"),
        ("Blue team: \u200eAna ist der Gruppe beigetreten", "join or leave", "system"),
        ("Blue team: \u200eAna dodała Bena", "system", "system"),
        ("Ana: \u200eMissed voice call", "call", "system"),
        ("Ana: \u200eVideo call, \u200e5 min", "call", "system"),
        ("Ana: \u200eimage omitted", "media only", "message"),
        ("Ana: \u200eBild weggelassen", "media only", "message"),
        ("Ana: \u200eimagen omitida", "media only", "message"),
        ("Ana: \u200eimage absente", "media only", "message"),
        ("Ana: \u200e<attached: 0001-PHOTO.jpg>", "media only", "message"),
        ("Ana: \u200e<angehängt: 0001-PHOTO.jpg>", "media only", "message"),
        ("Ana: Plan.pdf • \u200e3 pages \u200e<attached: 0001-Plan.pdf>", "media only", "message"),
        ("Ana: \u200eLocation: https://maps.google.com/?q=1.0,2.0", "media only", "message"),
        ("Ana: \u200eThis message was deleted.", "deleted", "message"),
        ("Ana: \u200eYou deleted this message.", "deleted", "message"),
        ("Ana: \u200eDiese Nachricht wurde gelöscht.", "deleted", "message"),
        ("Ana: \u200ePOLL:\nLunch?\n\u200eOPTION: Yes (1 vote)\n\u200eOPTION: No (0 votes)", "poll", "message"),
        ("Ana: \u200eENCUESTA:\n¿Hoy?\n\u200eOPCIÓN: Sí (0 votos)\n\u200eOPCIÓN: No (1 voto)", "poll", "message"),
    ],
)
def test_an_iphone_marks_what_nobody_wrote(tmp_path, line, skip, kind):
    found = one(tmp_path, IPHONE + line)
    assert (found.skip, found.kind, found.deleted) == (skip, kind, skip == "deleted")
    assert found.author == ("Ana" if kind == "message" else None)


@pytest.mark.parametrize(
    ("line", "skip"),
    [
        ("<Media omitted>", "media only"),
        ("<media omitted>", "media only"),
        ("<Medien ausgeschlossen>", "media only"),
        ("<Multimedia omitido>", "media only"),
        ("<Médias omis>", "media only"),
        ("<Mídia oculta>", "media only"),
        ("<Media omessi>", "media only"),
        ("<Без медиафайлов>", "media only"),
        ("image omitted", "media only"),
        ("IMG-20260130-WA0001.jpg (file attached)", "media only"),
        ("\u200eIMG-20260130-WA0001.jpg (Datei angehängt)", "media only"),
        ("plan.pdf (archivo adjunto)", "media only"),
        ("null", "media only"),
        ("This message was deleted", "deleted"),
        ("You deleted this message", "deleted"),
        ("Du hast diese Nachricht gelöscht.", "deleted"),
        ("Se eliminó este mensaje.", "deleted"),
        ("Mensagem apagada", "deleted"),
        ("Ce message a été supprimé", "deleted"),
        ("Waiting for this message", "encrypted"),
        ("Messages and calls are end-to-end encrypted. No one outside of this chat can read them.", "system"),
        ("POLL:\nLunch?\nOPTION: Yes (1 vote)\nOPTION: No (0 votes)", "poll"),
        ("UMFRAGE:\nHeute?\nOPTION: Ja (1 Stimme)\nOPTION: Nein (0 Stimmen)", "poll"),
        ("", "empty"),
        ("<This message was edited>", "empty"),
    ],
)
def test_placeholders_under_a_name(tmp_path, line, skip):
    assert one(tmp_path, f"{ANDROID}Ana: {line}").skip == skip


@pytest.mark.parametrize(
    ("line", "text", "edited", "attachments"),
    [
        ("we ship <This message was edited>", "we ship", True, ()),
        ("we ship \u200e<This message was edited>", "we ship", True, ()),
        ("we ship\nnow \u200e<Diese Nachricht wurde bearbeitet.>", "we ship\nnow", True, ()),
        ("\u200e<attached: a.jpg>\nthe board", "the board", False, ("a.jpg",)),
        ("the board \u200e<attached: a.jpg>", "the board", False, ("a.jpg",)),
        ("\u200eimage omitted\nthe board", "the board", False, ("media",)),
        ("the board \u200eimage omitted", "the board", False, ("media",)),
        ("IMG-20260130-WA0001.jpg (file attached)\nthe board", "the board", False, ("IMG-20260130-WA0001.jpg",)),
        ("a <b> c", "a <b> c", False, ()),
        ("I <3 it :>", "I <3 it :>", False, ()),
        ("we shipped (finally)", "we shipped (finally)", False, ()),
        ("see plan.pdf (the new one)", "see plan.pdf (the new one)", False, ()),
        ("Todo:\nask (1 person)", "Todo:\nask (1 person)", False, ()),
        ("The image omitted the date", "The image omitted the date", False, ()),
        ("This message was deleted by mistake, so again", "This message was deleted by mistake, so again", False, ()),
        ("\u200fשלום", "שלום", False, ()),
        ("👩🏻‍⚖️ agreed", "👩🏻‍⚖️ agreed", False, ()),
    ],
)
@pytest.mark.parametrize("style", [ANDROID, IPHONE])
def test_words_of_people_stay_without_what_the_phone_added(tmp_path, style, line, text, edited, attachments):
    if line.startswith("\u200f") and style == IPHONE:
        pytest.skip("an iPhone puts such a mark before its own words only")
    found = one(tmp_path, f"{style}Ana: {line}")
    assert (found.text, found.edited, found.attachments, found.skip) == (text, edited, attachments, None)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("31/02/2026, 10:00 - Ana: x", "31/02/2026 is no date in the order dmy"),
        ("2026-02-31, 10:00 - Ana: x", "2026-02-31 is no date"),
        ("13/01/2026, 25:00 - Ana: x", "its time is none"),
        ("13/01/1970, 10:00 - Ana: x", "the date 1970-01-13 is before 1990"),
        ("13/01/2099, 10:00 - Ana: x", "the date 2099-01-13 is in the future"),
    ],
)
def test_an_entry_that_cannot_be_is_quarantined_with_its_lines(tmp_path, line, problem):
    reading = ts.read(put(tmp_path, f"{chat()}{line}\nits second line\n{ANDROID}Ana: sound\n"))
    assert [m.text for m in reading][3:] == ["sound"]
    [found] = reading.report.problems
    assert (found.place, found.problem) == ("line 7", problem)


def test_text_above_the_first_entry_is_not_lost_silently(tmp_path):
    reading = ts.read(put(tmp_path, "the end of a message\nthat was cut\n" + chat()), format="whatsapp")
    assert len(list(reading)) == 3
    assert [str(p) for p in reading.report.problems] == [
        f"{tmp_path}/chat.txt, line 1: text before the first dated entry; it belongs to no message"
    ]
    assert reading.report.files[0].details["entries"] == 3


def test_a_file_without_entries_says_so(tmp_path):
    path = put(tmp_path, "# Notes\n")
    with pytest.raises(InputError) as error:
        list(ts.read(path, format="whatsapp"))
    assert str(error.value) == f"{path}: holds no entry of a WhatsApp chat; export the chat again"


def test_a_years_of_the_buddhist_calendar_are_ours(tmp_path):
    [found] = ts.read(put(tmp_path, "30/1/2569 10:00 - Ana: hello\n"), format="whatsapp")
    assert found.timestamp == datetime(2026, 1, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("WhatsApp Chat with Blue team.txt", "Blue team"),
        ("WhatsApp Chat with Blue team (1).txt", "Blue team"),
        ("WhatsApp-Chat mit Blue team.txt", "Blue team"),
        ("Chat de WhatsApp con Blue team.txt", "Blue team"),
        ("Conversa do WhatsApp com Blue team.txt", "Blue team"),
        ("Discussion WhatsApp avec Blue team.txt", "Blue team"),
        ("Chat WhatsApp con Blue team.txt", "Blue team"),
        ("blue.txt", "blue"),
    ],
)
def test_a_chat_is_called_as_its_file(tmp_path, name, channel):
    assert {m.channel for m in ts.read(put(tmp_path, chat(), name))} == {channel}


@pytest.mark.parametrize(
    "name",
    [
        "WhatsApp Chat with Zoë Ode.txt",
        "WhatsApp Chat with Zoe\u0308 Ode.txt",
        "WhatsApp-Chat mit zoë ode (1).txt",
        "Zoë Ode.txt",
        "Conversa do WhatsApp com Ana.txt",
    ],
)
@pytest.mark.parametrize("writer", ["Zoë Ode", "~\u202fZoë\xa0Ode", "\u202aZoë Ode\u202c"])
def test_a_chat_called_after_one_who_writes_in_it_is_private(tmp_path, name, writer):
    text = f"{ANDROID}Ana: hello\n{ANDROID}{writer}: hi\nand more\n{ANDROID}Ana: so\n"
    messages = list(ts.read(put(tmp_path, text, name)))
    assert {m.channel for m in messages} == {"direct messages"}
    [thread] = {m.thread_id for m in messages}
    assert thread.startswith("whatsapp:") and messages[0].id.startswith(f"{thread}:")


@pytest.mark.parametrize(
    "line",
    [
        "Blue team: \u200eMessages and calls are end-to-end encrypted. Only people here can read them.",
        "Blue team: \u200eAna added Ben",
        "Blue team: Messages to this group are now secured with end-to-end encryption.",
        'Ana created group "Blue team"',
        "Ben: Blue team: we ship",
    ],
)
def test_a_group_stays_one_though_its_notices_stand_under_its_name(tmp_path, line):
    text = f"{IPHONE}{line}\n{IPHONE}Ana: hello\n{IPHONE}Ben: hi\n"
    messages = list(ts.read(put(tmp_path, text, "WhatsApp Chat with Blue team.txt")))
    assert {(m.channel, m.thread_id) for m in messages} == {("Blue team", None)}


def test_the_zip_of_an_iphone_is_called_as_its_chat_and_its_media_are_counted(tmp_path):
    files = {"_chat.txt": chat(PATTERNS["iphone"]), "00000002-PHOTO.jpg": b"\xff\xd8\xff"}
    found, report = read_all(write_zip(tmp_path / "WhatsApp Chat - Blue team.zip", files))
    assert {m.channel for m in found} == {"Blue team"}
    assert dict(report.skipped) == {"unknown format": 1}


def test_the_same_words_twice_in_a_minute_are_two_messages(tmp_path):
    text = f"{ANDROID}Ana: ok\n" * 3 + f"{ANDROID}Ben: ok\n"
    messages = list(ts.read(put(tmp_path, text)))
    assert len({m.id for m in messages}) == len(messages) == 4


def test_exports_that_overlap_are_counted_once_whatever_the_zone(tmp_path):
    seen = Seen()
    early, late = chat(entries=ENTRIES[:2]), chat()
    name = "WhatsApp Chat with Blue team.txt"
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    assert len(list(ts.read(put(tmp_path / "a", early, name), seen=seen))) == 2
    assert len(list(ts.read(put(tmp_path / "b", late, name), seen=seen, tz=ZoneInfo("Asia/Tokyo")))) == 1


@pytest.mark.parametrize(
    ("name", "data", "sure"),
    [
        *((f"{i}.txt", chat(pattern).encode(), 0.6) for i, pattern in enumerate(PATTERNS.values())),
        ("_chat.txt", f"{IPHONE}Ana: hi".encode(), 1.0),
        ("irc.log", b"[2026-01-30 10:00:00] <ana> hi\n[2026-01-30 10:00:01] <ben> ho\n", 0.0),
        ("irc.log", b"[10:00] <ana> hi\n", 0.0),
        ("irc.log", b"2012-10-17T09:16:21+0000  <ana> hi\n", 0.0),
        ("zoom.txt", b"10:00:01\tAna:\thi\n10:00:02\tBen:\tho\n", 0.0),
        ("call.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nAna: hi\n", 0.0),
        ("notes.md", b"# 2026-01-30\n\n- Ana: hi\n", 0.0),
        ("notes.txt", b"Minutes\nof the team\nwe met\n\n30/01/2026, 10:00 - Ana: hi\n", 0.0),
        ("table.csv", b"date,author,text\n2026-01-30 10:00,Ana,hi\n", 0.0),
        ("a.json", b'{"date": "2026-01-30, 10:00 - Ana: hi"}', 0.0),
        ("server.log", b"2026-01-30 10:00:00,123 - app - INFO - started\n", 0.0),
        ("a.bin", bytes(range(256)), 0.0),
    ],
)
def test_sniff_claims_its_own(tmp_path, name, data, sure):
    found = whatsapp.sniff(open_file(put(tmp_path, data, name)))
    assert found >= sure if sure else found == 0


SAMPLES = {
    # File: order to give, entries, without a name, lines that go on, names, why they are left out.
    "2A_5M.txt": (None, 5, 0, 0, 2, {"media only": 1}),
    "4A_11M.zip": ("mdy", 14, 3, 0, 5, {"join or leave": 1, "system": 2}),
    "lorem.txt": (None, 500, 0, 0, 4, {}),
    "pokemon.txt": (None, 20, 1, 0, 9, {"system": 2}),
    "test_[mmddyy]_24hrs.txt": (None, 9, 2, 2, 5, {"join or leave": 1, "system": 1}),
    "test_ddmmyy_24hrs.txt": (None, 9, 2, 2, 5, {"join or leave": 1, "system": 1}),
    "test_mmddyyyy_12hrs.txt": (None, 9, 2, 2, 5, {"join or leave": 1, "system": 1}),
    "timelinize_chat.txt": ("dmy", 19, 0, 9, 4, {"call": 2, "deleted": 2, "media only": 5, "poll": 2, "system": 2}),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_are_read_as_counted(samples, name):
    order, entries, nameless, more, names, skipped = SAMPLES[name]
    reading = ts.read(samples / "whatsapp" / name, date_order=order)
    messages = list(reading)
    [report] = reading.report.files
    assert report.details == {
        "entries": entries,
        "without a name": nameless,
        "continuation lines": more,
        "names": names,
    }
    assert dict(report.skipped) == skipped
    assert reading.report.problems == ()
    assert len(messages) == entries - sum(skipped.values())


def test_the_samples_that_leave_the_order_open_ask_or_keep_what_is_clear(samples):
    with_order = ts.read(samples / "whatsapp" / "timelinize_chat.txt")
    assert len(list(with_order)) == 6
    assert [p.place for p in with_order.report.problems] == ["line 24"]
    asked = ts.read(samples / "whatsapp" / "4A_11M.zip")
    assert list(asked) == []
    assert "--date-order dmy" in asked.report.problems[0].hint


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2A_5M.txt", (2021, 1, 1, 12, 0), (2021, 1, 1, 12, 2)),
        ("lorem.txt", (2020, 1, 15, 2, 22, 56), (2020, 5, 11, 22, 32, 48)),
        ("pokemon.txt", (2016, 4, 15, 15, 4), (2016, 10, 31, 12, 23)),
        ("test_ddmmyy_24hrs.txt", (2019, 1, 1, 11, 25), (2021, 12, 30, 22, 1)),
        ("test_[mmddyy]_24hrs.txt", (2019, 1, 1, 11, 25), (2021, 12, 30, 22, 1)),
        ("test_mmddyyyy_12hrs.txt", (2019, 1, 1, 11, 25), (2021, 12, 30, 22, 1)),
    ],
)
def test_first_and_last_entry_of_the_samples_have_their_time(samples, name, first, last):
    messages = list(ts.read(samples / "whatsapp" / name, system=True))
    assert messages[0].timestamp == datetime(*first, tzinfo=UTC)
    assert messages[-1].timestamp == datetime(*last, tzinfo=UTC)


def test_start_takes_only_whole_beginnings():
    assert start("12/9/20 is the day") is None
    assert start("[12/9/20, 10:00 - Ana: x") is None
    assert start("") is None


@pytest.mark.parametrize("pattern", ["android, 24 h", "iphone, month first, 12 h"])
def test_damaged_files_never_crash(tmp_path, pattern):
    @MANY
    @given(damaged(chat(PATTERNS[pattern]).encode()), st.sampled_from([None, "dmy", "ymd"]))
    def check(data, order):
        path = put(tmp_path, data or b"x")
        read_anyway(path, format="whatsapp", date_order=order, system=True)

    check()


@MANY
@given(st.lists(st.text("abcXYZäß🤓 :.,!?-/[]~*012", min_size=1, max_size=40), min_size=1, max_size=6))
def test_every_text_comes_back_as_it_was(tmp_path_factory, texts):
    texts = [f"x{' '.join(text.split())}" for text in texts]
    path = put(tmp_path_factory.mktemp("texts"), chat(entries=[(ENTRIES[2][0], "Ana", text) for text in texts]))
    assert [m.text for m in ts.read(path, format="whatsapp")] == texts
