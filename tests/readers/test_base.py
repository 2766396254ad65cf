from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.errors import InputError
from textsignals.readers.base import MAX_TEXT_CHARS, FileLog, Options, clip, decode
from textsignals.readers.times import date_in_name, impossible, localise, start_of

BERLIN = Options(ZoneInfo("Europe/Berlin"))
DAMAGED = "encoding: UTF-8 with broken bytes"
WINDOWS = "encoding: Windows-1252"


@pytest.fixture
def log():
    return FileLog("a.txt", "notes")


@pytest.mark.parametrize(
    ("data", "text", "assumed"),
    [
        (b"plain", "plain", []),
        ("naïve – café".encode(), "naïve – café", []),
        (b"\xef\xbb\xbfmark", "mark", []),
        ("UTF-16 “little”".encode("utf-16"), "UTF-16 “little”", []),
        (b"\xfe\xff" + "UTF-16 big".encode("utf-16-be"), "UTF-16 big", []),
        ("We don’t know – café".encode("cp1252"), "We don’t know – café", [WINDOWS]),
        ("naïve café ".encode() + b"\xff", "naïve café \ufffd", [DAMAGED]),
        # Curly apostrophes are often the only signs beyond ASCII in an English file.
        ("don’t, can’t ".encode() + b"\xff", "don’t, can’t \ufffd", [DAMAGED]),
        # 0x81 means nothing in Windows-1252 either.
        (
            b"a long enough line of plain English \x81 text",
            "a long enough line of plain English \ufffd text",
            [DAMAGED],
        ),
    ],
)
def test_decode_finds_the_encoding_and_says_what_it_assumed(log, data, text, assumed):
    assert decode(data, log) == text
    assert log.assumptions == assumed


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"ab\x00cd", "a.txt: is not text (zero byte at 2); give the exported file itself"),
        (
            b"\x81\x8d" * 20,
            "a.txt: is neither UTF-8 nor Windows-1252 text ('utf-8' codec can't decode byte 0x81 in position 0:"
            " invalid start byte)",
        ),
    ],
)
def test_decode_refuses_what_is_not_text(log, data, message):
    with pytest.raises(InputError) as caught:
        decode(data, log)
    assert str(caught.value) == message


@settings(max_examples=50, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=200))
def test_decode_gives_back_any_utf8_text_unchanged(text):
    log = FileLog("a.txt", "notes")
    assert decode(text.encode(), log) == text
    assert log.assumptions == []


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("2019-10-21--core.md", date(2019, 10, 21)),
        ("retro_20260313.txt", date(2026, 3, 13)),
        ("2026.03.13 board.csv", date(2026, 3, 13)),
        ("2026-01-01/notes-2026-03-13.md", date(2026, 3, 13)),
        ("2026-01-01/notes.md", date(2026, 1, 1)),
        ("minutes-2026-02-30.md", None),
        ("ticket-120260313.md", None),
        ("2026-13-01.md", None),
        ("notes.md", None),
    ],
)
def test_date_in_name_takes_the_one_nearest_to_the_file(path, day):
    assert date_in_name(PurePosixPath(path)) == day


def test_a_time_without_zone_takes_the_zone_of_the_options_and_says_so(log):
    assert localise(datetime(2026, 7, 1, 9), BERLIN, log) == (datetime(2026, 7, 1, 7, tzinfo=UTC), True)
    assert log.assumptions == ["time zone: Europe/Berlin for times that name none"]


def test_a_time_with_zone_keeps_it(log):
    there = datetime(2026, 7, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert localise(there, BERLIN, log) == (datetime(2026, 7, 1, tzinfo=UTC), False)
    assert log.assumptions == []


@pytest.mark.parametrize(("day", "hour"), [(date(2026, 1, 15), 23), (date(2026, 7, 15), 22)])
def test_a_day_begins_at_local_midnight(day, hour):
    assert start_of(day, BERLIN) == datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=24 - hour)


@pytest.mark.parametrize(
    ("moment", "problem"),
    [
        (datetime(1990, 1, 1, tzinfo=UTC), ""),
        (datetime(1989, 12, 31, tzinfo=UTC), "the date 1989-12-31 is before 1990"),
        (datetime(2999, 1, 1, tzinfo=UTC), "the date 2999-01-01 is in the future"),
    ],
)
def test_a_date_that_cannot_be_is_told(moment, problem):
    assert impossible(moment) == problem


def test_clocks_may_be_wrong_by_hours():
    assert impossible(datetime.now(UTC) + timedelta(hours=23)) == ""


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("  padded\n", "padded"),
        ("bell\x07 and\x1b[31m red", "bell and[31m red"),
        ("tab\tand\nline stay", "tab\tand\nline stay"),
        # JSON may hold half an emoji, which cannot be written to any file.
        ("cut \ud83d here", "cut  here"),
    ],
)
def test_clip_removes_what_no_person_wrote(log, raw, text):
    assert clip(raw, log) == text


def test_clip_cuts_endless_texts_and_says_so(log):
    assert len(clip("a" * (MAX_TEXT_CHARS + 1), log)) == MAX_TEXT_CHARS
    assert log.assumptions == ["texts over 65,536 characters are cut there"]


def test_a_lost_record_is_a_fault_of_ours_and_told(log):
    log.met(3)
    log.skip("empty")
    with pytest.raises(AssertionError, match=r"^a\.txt: 2 of 3 records got lost; please report this$"):
        log.report()
