"""IRC logs: one chat in the dialects of many clients, days and midnights, encodings, damage, and real logs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from damage import damage_never_crashes
from exports import read_all, write

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff

VALID = {
    "2026-03-13.log": (
        "[09:58] *** Joins: bo (bo@example.org)\n[10:00] <@ana> We shipped the form\n[10:01] * bo thanks everybody\n"
        "=== bo is now known as bo_away\n[10:02] -helper- two builds failed\n[10:03] <bo_away> è più bello\n"
    ).encode(),
    "#ops.weechatlog": (
        b"2026-03-13 10:00:00\t-->\tana (a@b) has joined #ops\n2026-03-13 10:00:01\t@ana\tWe shipped\n"
        b"2026-03-13 10:01:00\t *\tbo nods\n"
    ),
    "botbot.log": b"b'2026-03-13T10:00:00 * ana has quit\n2026-03-13T10:00:01 <bo> it\\'s caf\\xc3\\xa9 time\n'\n",
}


def read_log(tmp_path, text, name="#ops.2026-03-13.log", **options):
    return read_all(write(tmp_path / name, text), system=True, **options)


def said(messages):
    return [m for m in messages if not m.skip]


# One chat as each client writes it: a join, a message, what somebody does, a new nick, a message under it, a quit.
DIALECTS = {
    "irssi": (
        "--- Log opened Fri Mar 13 09:00:00 2026\n"
        "10:00 -!- bo [~bo@host.example] has joined #ops\n"
        "10:01 <@ana> bo: the build is green\n"
        "10:02  * bo thanks ana\n"
        "10:03 -!- bo is now known as bo_lunch\n"
        "10:04 < bo_lunch> back at two\n"
        "10:05 -!- bo_lunch [~bo@host.example] has quit [Quit: bye]\n"
        "--- Log closed Fri Mar 13 10:06:00 2026\n",
        "irssi.log",
    ),
    "ubuntu": (
        "=== bo [~bo@host.example]  has joined #ops\n"
        "[10:01] <ana> bo: the build is green\n"
        "=== bo thanks ana\n"
        "=== bo is now known as bo_lunch\n"
        "[10:04] <bo_lunch> back at two\n"
        "=== bo_lunch [~bo@host.example]  has left #ops []\n",
        "2026-03-13_1.raw.txt",
    ),
    "weechat": (
        "2026-03-13 10:00:00\t-->\tbo (~bo@host.example) has joined #ops\n"
        "2026-03-13 10:01:00\t@ana\tbo: the build is green\n"
        "2026-03-13 10:02:00\t *\tbo thanks ana\n"
        "2026-03-13 10:03:00\t--\tbo is now known as bo_lunch\n"
        "2026-03-13 10:04:00\tbo_lunch\tback at two\n"
        "2026-03-13 10:05:00\t<--\tbo_lunch (~bo@host.example) has quit (Quit: bye)\n",
        "irc.libera.#ops.weechatlog",
    ),
    "hexchat": (
        "**** BEGIN LOGGING AT Fri Mar 13 09:00:00 2026\n\n"
        "Mar 13 10:00:00 *\tbo (~bo@host.example) has joined #ops\n"
        "Mar 13 10:01:00 <ana>\tbo: the build is green\n"
        "Mar 13 10:02:00 *\tbo thanks ana\n"
        "Mar 13 10:03:00 *\tbo is now known as bo_lunch\n"
        "Mar 13 10:04:00 <bo_lunch>\tback at two\n"
        "Mar 13 10:05:00 *\tbo_lunch has quit (Quit: bye)\n",
        "ops.log",
    ),
    "xchat": (
        "**** BEGIN LOGGING AT Fri Mar 13 09:00:00 2026\n\n"
        "Mar 13 10:00:00 -->\tbo (~bo@host.example) has joined #ops\n"
        "Mar 13 10:01:00 <ana>\tbo: the build is green\n"
        "Mar 13 10:02:00 *\tbo thanks ana\n"
        "Mar 13 10:03:00 ---\tbo is now known as bo_lunch\n"
        "Mar 13 10:04:00 <bo_lunch>\tback at two\n"
        "Mar 13 10:05:00 <--\tbo_lunch has quit (Quit: bye)\n",
        "ops.log",
    ),
    "znc and energymech": (
        "[10:00:00] *** Joins: bo (~bo@host.example)\n"
        "[10:01:00] <ana> bo: the build is green\n"
        "[10:02:00] * bo thanks ana\n"
        "[10:03:00] *** bo is now known as bo_lunch\n"
        "[10:04:00] <bo_lunch> back at two\n"
        "[10:05:00] *** Quits: bo_lunch (~bo@host.example) (Quit: bye)\n",
        "#ops_20260313.log",
    ),
    "mirc": (
        "Session Start: Fri Mar 13 09:00:00 2026\n"
        "Session Ident: #ops\n"
        "03[10:00] * bo (~bo@host.example) has joined #ops\n"
        "[10:01] <@ana> bo: the \x0304,01build\x03 is \x02green\x0f\n"
        "06[10:02] * bo thanks ana\n"
        "[10:03] * bo is now known as bo_lunch\n"
        "[10:04] <bo_lunch> back at two\n"
        "[10:05] * bo_lunch (~bo@host.example) Quit (bye)\n"
        "[10:05] * bo_lunch (~bo@host.example) has left #ops\n"
        "Session Close: Fri Mar 13 10:06:00 2026\n",
        "mirc.log",
    ),
    "eggdrop": (
        "[00:00] --- Fri Mar 13 2026\n"
        "[10:00] bo (~bo@host.example) joined #ops.\n"
        "[10:01] <ana> bo: the build is green\n"
        "[10:02] Action: bo thanks ana\n"
        "[10:03] Nick change: bo -> bo_lunch\n"
        "[10:04] <bo_lunch> back at two\n"
        "[10:05] bo_lunch (~bo@host.example) left irc: bye\n",
        "eggdrop.log",
    ),
    "supybot": (
        "2026-03-13T10:00:00+0000  *** bo has joined #ops\n"
        "2026-03-13T10:01:00+0000  <ana> bo: the build is green\n"
        "2026-03-13T10:02:00+0000  * bo thanks ana\n"
        "2026-03-13T10:03:00+0000  *** bo is now known as bo_lunch\n"
        "2026-03-13T10:04:00+0000  <bo_lunch> back at two\n"
        "2026-03-13T10:05:00+0000  *** bo_lunch has quit IRC\n",
        "#ops.log",
    ),
    "botbot in the words of str(bytes)": (
        "b'2026-03-13T10:00:00 * bo joined the channel\n"
        "2026-03-13T10:01:00 <ana> bo: the build is green\n"
        "2026-03-13T10:02:00 * bo thanks ana\n"
        "2026-03-13T10:03:00 * bo is now known as bo_lunch\n"
        "2026-03-13T10:04:00 <bo_lunch> back at two\n"
        "2026-03-13T10:05:00 * bo_lunch has quit\n"
        "'\n\n",
        "ops-2026-03-13.log",
    ),
    "rrsagent": (
        "10:00:00 <RRSAgent> logging to https://www.w3.org/2026/03/13-ops-irc\n"
        "10:00:00 <bo> bo has joined #ops\n"
        "10:01:00 <ana> bo: the build is green\n"
        "10:02:00 <bo> thanks ana\n"
        "10:03:00 <bo> bo is now known as bo_lunch\n"
        "10:04:00 <bo_lunch> back at two\n"
        "10:05:00 <bo_lunch> bo_lunch has left #ops\n",
        "minutes.txt",
    ),
    "konversation": (
        "[Fri Mar 13 2026] [10:00:00] * bo (~bo@host.example) has joined #ops\n"
        "[Fri Mar 13 2026] [10:01:00] <ana>\tbo: the build is green\n"
        "[Fri Mar 13 2026] [10:02:00] * bo thanks ana\n"
        "[Fri Mar 13 2026] [10:03:00] * bo is now known as bo_lunch\n"
        "[Fri Mar 13 2026] [10:04:00] <bo_lunch>\tback at two\n",
        "konversation.log",
    ),
    "irccloud": (
        "[2026-03-13 10:00:00] → bo joined (~bo@host.example)\n"
        "[2026-03-13 10:01:00] <ana> bo: the build is green\n"
        "[2026-03-13 10:02:00] — bo thanks ana\n"
        "[2026-03-13 10:03:00] * bo is now known as bo_lunch\n"
        "[2026-03-13 10:04:00] <bo_lunch> back at two\n"
        "[2026-03-13 10:05:00] ⇐ bo_lunch quit (~bo@host.example)\n",
        "#ops.txt",
    ),
    "twelve hours": (
        "[10:00 AM] *** bo has joined #ops\n"
        "[10:01 AM] <ana> bo: the build is green\n"
        "[10:02 AM] * bo thanks ana\n"
        "[10:03 AM] *** bo is now known as bo_lunch\n"
        "[10:04 AM] <bo_lunch> back at two\n",
        "2026-03-13.log",
    ),
}
EXPECTED = [
    {"author": "ana", "author_id": "ana", "text": "bo: the build is green", "minute": 1},
    {"author": "bo", "author_id": "bo", "text": "thanks ana", "minute": 2},
    {"author": "bo_lunch", "author_id": "bo", "text": "back at two", "minute": 4},
]


@pytest.mark.parametrize("name", DIALECTS)
def test_every_client_tells_the_same_chat(tmp_path, name):
    text, file = DIALECTS[name]
    messages, report = read_log(tmp_path, text, file)
    found = [
        {"author": m.author, "author_id": m.author_id, "text": m.text, "minute": m.timestamp.minute}
        for m in said(messages)
    ]
    # Ubuntu's lines of what people do have no time of their own: that of the line before.
    expected = [e | ({"minute": 1} if name == "ubuntu" and e["text"] == "thanks ana" else {}) for e in EXPECTED]
    assert found == expected
    assert {m.timestamp.replace(minute=0) for m in said(messages)} == {datetime(2026, 3, 13, 10, tzinfo=UTC)}
    assert {m.kind for m in said(messages)} == {"message"}
    assert report.problems == ()
    assert {m.skip for m in messages} <= {None, "join or leave", "nick change", "log mark", "bot"}
    assert sniff(tmp_path / file) == ("irc", 0.95)
    named = "#" in text or "#" in file
    assert {m.channel for m in messages} == ({"#ops"} if named else {"ops"} if "ops" in file else {"2026-03-13"})


def test_times_in_the_lines_come_first_then_day_marks_then_the_file_name(tmp_path):
    [line], _ = read_log(tmp_path, "2026-03-14 10:00:00 <ana> hi\n")
    assert (line.time_source, line.time_precision, str(line.timestamp)) == (
        "record",
        "second",
        "2026-03-14 10:00:00+00:00",
    )
    opened = "--- Log opened Sat Mar 14 09:00:00 2026\n10:00 <ana> hi\n"
    for name in ("#ops_20260313.log", "ops.log"):
        [_, line], report = read_log(tmp_path, opened, name)
        assert (line.time_source, str(line.timestamp)) == ("heading", "2026-03-14 10:00:00+00:00")
        assert report.assumptions == ("time zone: UTC for times that name none; say it with --tz",)
    [line], report = read_log(tmp_path, "10:00 <ana> hi\n")
    assert (line.time_source, line.time_precision, line.tz_assumed) == ("filename", "minute", True)
    assert str(line.timestamp) == "2026-03-13 10:00:00+00:00"
    assert report.assumptions == ("time zone: UTC for times that name none; say it with --tz",)
    [line], report = read_log(tmp_path, "10:00 <ana> hi\n", "ops.log")
    assert (line.timestamp, line.time_source, line.time_precision) == (None, "none", "none")
    assert report.assumptions == ("no date: neither the lines nor the file name (such as 2026-02-19) give one",)


def test_the_zone_of_the_option_holds_unless_the_line_names_one(tmp_path):
    zone = ZoneInfo("Europe/Rome")
    [line], _ = read_log(tmp_path, "[10:00] <ana> hi\n", tz=zone)
    assert (str(line.timestamp), line.tz_assumed) == ("2026-03-13 09:00:00+00:00", True)
    [line], _ = read_log(tmp_path, "[2026-03-13T10:00:00-0500] <ana> hi\n", tz=zone)
    assert (str(line.timestamp), line.tz_assumed) == ("2026-03-13 15:00:00+00:00", False)


@pytest.mark.parametrize(
    ("clocks", "days"),
    [
        (["23:59", "00:01"], [13, 14]),
        # A quiet channel: nobody spoke for most of a day.
        (["18:00", "09:00", "08:00", "06:59"], [13, 14, 14, 15]),
        # At the end of summer time an hour comes twice.
        (["02:50", "02:05"], [13, 13]),
    ],
)
def test_a_clock_that_goes_back_begins_a_new_day(tmp_path, clocks, days):
    messages, _ = read_log(tmp_path, "".join(f"[{clock}] <ana> hi {i}\n" for i, clock in enumerate(clocks)))
    assert [m.timestamp.day for m in messages] == days


@pytest.mark.parametrize(
    "mark",
    ["--- Day changed Sun Mar 15 2026", "[00:00] --- Sun Mar 15 2026", "Session Time: Sun Mar 15 00:00:00 2026"],
)
def test_a_line_that_names_the_day_sets_it_and_midnight_is_not_counted_twice(tmp_path, mark):
    messages, report = read_log(tmp_path, f"[23:59] <ana> late\n{mark}\n[00:01] <bo> early\n[00:02] <bo> still\n")
    assert [m.timestamp.day for m in said(messages)] == [13, 15, 15]
    assert [m.skip for m in messages] == [None, "log mark", None, None]
    assert report.problems == ()


def test_a_day_mark_in_another_language_is_the_next_day(tmp_path):
    messages, _ = read_log(tmp_path, "23:59 <ana> late\n--- Day changed la maalis 14 2026\n00:01 <bo> early\n")
    assert [m.timestamp.day for m in said(messages)] == [13, 14]


def test_lines_before_the_first_day_mark_have_no_day(tmp_path):
    text = "23:59 <ana> late\n--- Day changed Sat Mar 14 2026\n00:01 <bo> early\n"
    messages, _ = read_log(tmp_path, text, "ops.log")
    assert [m.timestamp and m.timestamp.day for m in said(messages)] == [None, 14]


def test_hexchat_gives_the_year_only_when_it_begins(tmp_path):
    text = (
        "**** BEGIN LOGGING AT Wed Dec 31 22:00:00 2025\n\nDec 31 23:59:00 <ana>\tsoon\nJan  1 00:01:00 <bo>\tnow\n"
        "**** BEGIN LOGGING AT Thu Jan  1 08:00:00 2026\nDec 31 23:58:00 <ana>\tplayed back\n"
    )
    messages, _ = read_log(tmp_path, text, "ops.log")
    assert [str(m.timestamp.date()) for m in said(messages)] == ["2025-12-31", "2026-01-01", "2025-12-31"]


@pytest.mark.parametrize(
    ("body", "author", "text", "skip"),
    [
        ("<ana>", "ana", "", "empty"),
        ("<ana&gt; a &gt; b", "ana", "a > b", None),
        ("<Ana de la Mar> hi", "Ana de la Mar", "hi", None),
        ("<     ana> hi", "ana", "hi", None),
        ("<ana> <b>bold</b>", "ana", "<b>bold</b>", None),
        ("<ana> ana has joined #ops", "ana", "ana has joined #ops", "join or leave"),
        ("<ana> bo has joined #ops at last", "ana", "bo has joined #ops at last", None),
        ("<ana> has left the old habits", "ana", "has left the old habits", None),
        ("* ana has left for lunch", "ana", "has left for lunch", None),
        ("* ana joined the meeting late", "ana", "joined the meeting late", None),
        ("* ana sets the table", "ana", "sets the table", None),
        ("* ana sets mode: +o bo", None, "ana sets mode: +o bo", "mode change"),
        ("* ana changes topic to 'Release day'", None, "ana changes topic to 'Release day'", "topic change"),
        ("* bo was kicked by ana (enough)", None, "bo was kicked by ana (enough)", "join or leave"),
        ("* Now talking on #ops", None, "Now talking on #ops", "system"),
        ("* -- BotBot disconnected, possible missing messages --", None, None, "system"),
        ("-!- mode/#ops [+o bo] by ana", None, "mode/#ops [+o bo] by ana", "mode change"),
        ("-!- Irssi: #ops: Total of 3 nicks [1 ops]", None, "Irssi: #ops: Total of 3 nicks [1 ops]", "system"),
        ("[Users #ops]", None, "[Users #ops]", "system"),
        ("[@ana  ] [ bo   ]", None, "[@ana  ] [ bo   ]", "system"),
        ("-supy-bot- bug 23 is open", "supy-bot", "bug 23 is open", "bot"),
        ("-NickServ:#ops- you are known", "NickServ", "you are known", "bot"),
        ("<bo> see logging to https://www.w3.org/2001/01/02-ops-irc", "bo", None, None),
        ("<RRSAgent> I have made the request", "RRSAgent", "I have made the request", "bot"),
        ("<Zakim> ok, ana", "Zakim", "ok, ana", "bot"),
        ("<deploy-bot> shipped 12", "deploy-bot", "shipped 12", "bot"),
        ("<ReleaseBot2> shipped 13", "ReleaseBot2", "shipped 13", "bot"),
        ("<ubottu> paste is here", "ubottu", "paste is here", "bot"),
        # People whose names only end so.
        ("<talbot> hello", "talbot", "hello", None),
        ("<abbot> hello", "abbot", "hello", None),
    ],
)
def test_people_are_told_from_software(tmp_path, body, author, text, skip):
    [first, line], report = read_log(tmp_path, f"[10:00] <bo> before\n[10:01] {body}\n")
    assert first.text == "before"
    assert (line.author, line.skip) == (author, skip)
    assert text is None or line.text == text
    assert line.is_bot == (skip == "bot")
    assert (line.kind == "system") == (skip not in (None, "empty"))
    assert report.read == 2


def test_a_chain_of_nicks_is_one_person(tmp_path):
    text = (
        "[10:00] <bo> one\n[10:01] *** bo is now known as bo_away\n[10:02] *** bo_away is now known as bo2\n"
        "[10:03] <bo2> two\n[10:04] *** You are now known as ana2\n[10:05] <ana2> three\n"
    )
    messages, _ = read_log(tmp_path, text)
    assert [(m.author, m.author_id) for m in said(messages)] == [("bo", "bo"), ("bo2", "bo"), ("ana2", "ana2")]


def test_every_line_is_decoded_by_itself(tmp_path):
    raw = (
        "[10:00] <ana> perché no\n".encode()
        + "[10:01] <bo> perché sì\n".encode("cp1252")
        # A server cuts after so many bytes, here inside of the last sign.
        + "[10:02] <ana> è vero, è così".encode()[:-1]
        + b"\n"
    )
    messages, report = read_log(tmp_path, raw)
    assert [m.text for m in messages] == ["perché no", "perché sì", "è vero, è cos\ufffd"]
    assert set(report.assumptions) == {
        "time zone: UTC for times that name none; say it with --tz",
        "encoding: Windows-1252 for lines that are not UTF-8",
        "encoding: UTF-8 with broken bytes",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_marks_of_encodings_are_no_part_of_the_first_line(tmp_path, encoding):
    [line], _ = read_log(tmp_path, "[10:00] <ana> così\r\n".encode(encoding))
    assert (line.author, line.text) == ("ana", "così")


def test_escapes_of_a_bytes_repr_are_undone(tmp_path):
    text = (
        "b\"2026-03-13T10:00:00 <ana> it's caf\\xc3\\xa9, C:\\\\temp\n2026-03-13T10:01:00 <bo> a\\tb\\n"
        '2026-03-13T10:02:00 <ana> one line on\n"\n\n'
    )
    messages, report = read_log(tmp_path, text)
    assert [m.text for m in messages] == ["it's café, C:\\temp", "a\tb", "one line on"]
    assert report.problems == ()


def test_a_log_that_goes_on_in_another_client_is_read_to_its_end(tmp_path):
    text = (
        "[10:00] <ana> one\n[10:01] <bo> two\n[10:02] <bo> three\n"
        "2026-03-14 09:00:00\tana\tfour\n2026-03-14 09:01:00\t-->\tbo (b@c) has joined #ops\n09:02 <@ana> five\n"
    )
    messages, report = read_log(tmp_path, text)
    assert [m.text for m in said(messages)] == ["one", "two", "three", "four", "five"]
    assert report.problems == ()


def test_lines_wrapped_in_a_copied_log_belong_to_the_line_above(tmp_path):
    messages, report = read_log(tmp_path, "18:01 <@ana> if one calls\n\tthe other\n18:02 < bo> yes\n")
    assert [m.text for m in messages] == ["if one calls the other", "yes"]
    assert report.files[0].details == {"lines": 3, "messages": 2, "wrapped lines": 1}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("[10:61] <ana> hi", "line 2: its time is impossible (minute must be in 0..59)"),
        ("[25:00] <ana> hi", "line 2: its time is impossible (hour must be in 0..23)"),
        ("[10:00] ana hi", "line 2: is no line of this log"),
        ("ana: hi", "line 2: is no line of this log; lines of one log begin alike"),
    ],
)
def test_a_line_that_cannot_be_understood_is_quarantined_and_the_others_are_read(tmp_path, line, problem):
    messages, report = read_log(tmp_path, f"[10:00] <bo> one\n{line}\n[10:02] <bo> two\n")
    assert [m.text for m in messages] == ["one", "two"]
    assert [str(p) for p in report.problems] == [f"{tmp_path / '#ops.2026-03-13.log'}, {problem}"]
    assert (report.read, report.yielded, report.quarantined) == (3, 2, 1)


def test_dates_that_cannot_be_are_told(tmp_path):
    text = "2026-02-30 10:00:00 <ana> a\n1980-01-01 10:00:00 <ana> b\n2026-03-13 10:00:00 <ana> c\n"
    messages, report = read_log(tmp_path, text)
    assert [m.text for m in messages] == ["c"]
    first, second = (p.problem for p in report.problems)
    # Python words it one way or another.
    assert first.startswith("its time is impossible (day")
    assert second == "the date 1980-01-01 is before 1990"
    path = write(tmp_path / "2099-01-01.log", "[10:00] <ana> hi\n")
    with pytest.raises(InputError, match="the date 2099-01-01 is in the future; mend the date in the name"):
        list(ts.read(path))


def test_a_file_that_is_no_log_says_so_when_forced(tmp_path):
    path = write(tmp_path / "a.txt", "We met.\n")
    with pytest.raises(InputError, match="holds no line of a known IRC log; give the log file of the client itself"):
        list(ts.read(path, format="irc"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "00:05:41\tAna:\tWe shipped\n00:06:00\tBo:\tGood\n"),
        ("a.txt", "12/9/20, 23:55 - Ana: We shipped\n12/9/20, 23:56 - Bo: Good\n"),
        ("a.txt", "[2020-01-01, 12:00:01] Ana: We shipped\n[2020-01-01, 12:00:05] Bo: Good\n"),
        ("a.md", "# Plan\n\n10:00 Topic A\n11:00 Topic B\n"),
        ("a.md", "10:00 * open\n11:00 * close\n"),
        ("a.csv", "2026-03-13 10:00:00\tana\tWe shipped\n2026-03-13 10:01:00\tbo\tGood\n"),
        ("a.txt", "Ana  0:15\nWe shipped.\n\nBo  0:20\nGood.\n"),
        ("a.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ana>hi\n"),
        ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nhi\n\n2\n00:00:03,000 --> 00:00:04,000\nho\n"),
        ("a.html", "<html><body><p>10:00</p></body></html>\n"),
        ("a.json", '{"ts": "1"}\n'),
    ],
)
def test_other_files_are_not_taken_for_logs(tmp_path, name, text):
    reader, sure = sniff(write(tmp_path / name, text))
    assert reader != "irc" or sure < 0.4


def test_equal_lines_of_one_minute_are_two_and_overlapping_logs_are_one(tmp_path):
    text = "[10:00] <ana> yes\n[10:00] <ana> yes\n"
    for name in ("a", "b"):
        write(tmp_path / name / "#ops.2026-03-13.log", text)
    reading = ts.read(tmp_path)
    assert len(list(reading)) == 2
    assert reading.report.skipped == {"duplicate": 2}


def test_a_folder_named_like_a_channel_names_it(tmp_path):
    write(tmp_path / "#ops" / "2026-03-13.log", "[10:00:00] <ana> hi\n")
    [line] = ts.read(tmp_path)
    assert line.channel == "#ops"


@pytest.mark.parametrize("name", VALID)
def test_valid_logs_are_read_without_a_problem(folder, name):
    messages, report = read_log(folder, VALID[name], name)
    assert said(messages)
    assert report.problems == ()


@pytest.mark.parametrize("name", VALID)
def test_damaged_logs_never_crash(folder, name):
    damage_never_crashes(folder / name, VALID[name], format="irc", system=True)


TRUE = {
    # '<nick> text' lines, what people do, what the software notes, notices; of the first, those by bots and empty ones.
    "2004-11-15_03.raw.txt": ({"messages": 1077, "actions": 22, "events": 151}, {}, 1250),
    "2008-04-27.train-a.raw.txt": ({"messages": 1939, "actions": 19, "events": 21}, {"bot": 28}, 1979),
    "fluid-tech-2014-05-06.log": ({"events": 36}, {}, 36),
    "supybot_valid.log": ({"messages": 50, "actions": 1, "events": 46, "notices": 1}, {"bot": 1, "empty": 1}, 98),
    # 827 lines '<nick> text', 79 of them joins in the words of that nick.
    "w3c-rrsagent-sample-team.txt": ({"messages": 748, "events": 79}, {"bot": 42}, 827),
}


@pytest.mark.parametrize("file", TRUE)
def test_real_logs_have_their_true_counts(samples, file):
    details, skipped, lines = TRUE[file]
    messages, report = read_all(samples / "irc" / file, system=True)
    account = report.files[0]
    assert {key: n for key, n in account.details.items() if key != "lines"} == details
    assert (account.read, account.quarantined, len(messages)) == (lines, 0, lines)
    found = Counter(m.skip for m in messages)
    assert {reason: found[reason] for reason in ("bot", "empty") if found[reason]} == skipped


def test_real_logs_have_their_true_authors_and_days(samples):
    first = list(ts.read(samples / "irc/2004-11-15_03.raw.txt", system=True))
    top = Counter(m.author for m in first if not m.skip)
    # The true counts are of '<nick> text' lines; once jief does something.
    assert (top["HrdwrBoB"], top["jief"]) == (122, 107 + 1)
    assert str(first[0].timestamp) == "2004-11-15 12:18:00+00:00"
    assert str(first[-1].timestamp) == "2004-11-16 04:51:00+00:00"
    second = [m for m in ts.read(samples / "irc/supybot_valid.log", system=True) if m.skip in (None, "empty")]
    assert str(second[0].timestamp) == "2012-10-17 09:16:21+00:00"
    assert str(second[-1].timestamp) == "2012-10-17 23:42:26+00:00"
    third = list(ts.read(samples / "irc/w3c-rrsagent-sample-team.txt"))
    assert {str(m.timestamp.date()) for m in third} == {"2014-04-08"}
    assert {m.channel for m in third} == {"#html-wg"}
