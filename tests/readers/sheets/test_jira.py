from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import pytest
from damage import damage_never_crashes, read_anyway
from exports import read_all, write
from hypothesis import given, settings
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff
from textsignals.readers.sheets import jira

HEADER = (
    "Summary,Issue key,Issue id,Issue Type,Status,Project name,Reporter,Reporter Id,Created,Labels,Labels,Description,"
    "Votes,Custom field (Rank),Custom field (Impact),Comment,Comment\n"
)
ROW = (
    "Login is slow,PAY-1,101,Bug,Done,Payments,Ana Ruiz,5f:aa1,14/Jul/25 3:42 PM,web,login"
    ',"h2. What\n\nWe wait *long*.",2,0|i00:,,"14/Jul/25 4:00 PM;5f:aa1;Asked [~accountid:5f:bb2]; no reply"'
    ',"15/Jul/25 9:00 AM;5f:bb2;I look now"\n'
)
VALID = {"jira.csv": ("\ufeff" + HEADER + ROW).encode()}


def read_text(folder, text, name="jira.csv", **options):
    return read_all(write(folder / name, text), **options)


EXPECTED = [
    {"kind": "card", "text": "Login is slow\nWhat\nWe wait long.", "author": "Ana Ruiz", "at": "2025-07-14 15:42"},
    {"kind": "comment", "text": "Asked @Bo Li; no reply", "author": "Ana Ruiz", "at": "2025-07-14 16:00"},
    {"kind": "comment", "text": "I look now", "author": "Bo Li", "at": "2025-07-15 09:00"},
]
OTHER = "Older,PAY-0,100,Task,Done,Payments,Bo Li,5f:bb2,1/Jul/25 8:00 AM,,,,,,,,\n"


@pytest.mark.parametrize(
    "text",
    [
        HEADER + ROW + OTHER,
        "\ufeff" + (HEADER + ROW + OTHER).replace("\n", "\r\n"),
        (HEADER + ROW + OTHER).replace("14/Jul/25 3:42 PM", "2025-07-14 15:42").replace("Jul", "juil."),
        # Columns of other languages, saved again by a spreadsheet.
        (HEADER + ROW + OTHER)
        .replace("Summary", "Zusammenfassung")
        .replace("Issue key", "Vorgangsschlüssel")
        .replace("Created", "Erstellt")
        .replace("Description", "Beschreibung")
        .encode("cp1252"),
    ],
)
def test_dialects_of_one_export_are_read_alike(folder, text):
    found, report = read_text(folder, text)
    got = [{"kind": m.kind, "text": m.text, "author": m.author, "at": f"{m.timestamp:%F %R}"} for m in found[:3]]
    assert got == EXPECTED
    assert (report.problems, report.files[0].format, len(found)) == ((), "jira", 4)


def test_an_issue_has_its_fields_and_comments_belong_to_it(folder):
    found, report = read_text(folder, HEADER + ROW, tz=ZoneInfo("Europe/Berlin"))
    card, comment, _ = found
    assert (card.id, card.channel, card.votes, card.thread_id) == ("jira:PAY-1", "Payments", 2, "PAY-1")
    assert card.meta == {"type": "Bug", "status": "Done", "labels": ["web", "login"]}
    assert (comment.reply_to, comment.locator, comment.tz_assumed) == ("PAY-1", "line 2, comment 1", True)
    assert f"{card.timestamp:%H}" == "13"
    assert report.files[0].details == {"columns": 17, "issues": 1, "custom fields left out": 1}
    assert "time zone: Europe/Berlin for times that name none" in report.assumptions


def test_the_same_issue_and_comments_in_two_exports_are_counted_once(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.csv").write_text(HEADER + ROW)
    (tmp_path / "in/b.csv").write_text(HEADER + OTHER + ROW)
    reading = ts.read(tmp_path / "in")
    assert len(list(reading)) == 4
    assert reading.report.skipped == {"duplicate": 3}


def test_fields_of_ones_own_are_read_if_they_hold_long_prose(folder):
    prose = "Nobody told us that the contract had changed and so we built the wrong thing"
    found, _ = read_text(folder, HEADER + ROW.replace("0|i00:,,", f"0|i00:,{prose},"))
    [note] = [m for m in found if m.kind == "note"]
    assert (note.text, note.section, note.locator) == (prose, "Impact", "line 2, column 15")


def test_rows_longer_than_the_header_hold_more_comments(folder):
    found, report = read_text(folder, HEADER + ROW.rstrip("\n") + ",15/Jul/25 10:00 AM;5f:bb2;Done now\n")
    assert (found[-1].text, found[-1].locator) == ("Done now", "line 2, comment 3")
    assert report.problems == ()


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("h1. Title\nbody", "Title\nbody"),
        ("before {code:java}int i;\nj{code} after", "before\nafter"),
        ("{noformat}log{noformat}", ""),
        ("{quote}theirs\nmore{quote}\nmine", "mine"),
        ("bq. theirs\nmine", "mine"),
        ("see [the page|https://example.org/a_b] now", "see the page now"),
        ("see [https://example.org]", "see https://example.org"),
        ("[~bo] and [~accountid:712020:0a1b2c3d] agree", "@bo and @someone agree"),
        ("{color:#ff0000}red{color} and {{mono}}", "red and mono"),
        ("!shot.png|thumbnail! seen [^log.txt]", "seen"),
        ("* one\n** two\n# three\n- four", "one\ntwo\nthree\nfour"),
        ("||a||b||\n|c|d|", "a b\nc d"),
        ("*bold* and _soft_, 2*3*4, a_b_c", "bold and soft, 2*3*4, a_b_c"),
        ("one\\\\two \\{three\\}", "one\ntwo {three}"),
        ("----\nunder", "under"),
    ],
)
def test_markup_of_jira_becomes_the_words_of_the_author(markup, text):
    assert jira._plain(markup, {}) == text


@pytest.mark.parametrize(
    ("cell", "text", "author", "dated"),
    [
        ("We wait; they wait; all wait", "We wait; they wait; all wait", None, False),
        ("14/Jul/25 4:00 PM;ana;one; two", "one; two", "ana", True),
        ("14.07.2025 16:00;ana;one", "one", "ana", True),
    ],
)
def test_a_comment_is_date_author_and_text_or_only_text(folder, cell, text, author, dated):
    found, _ = read_text(folder, f'Summary,Issue key,Comment\nSlow,PAY-1,"{cell}"\n')
    assert (found[1].text, found[1].author, found[1].timestamp is not None) == (text, author, dated)


def test_a_comment_that_only_quotes_is_left_out(folder):
    cell = "14/Jul/25 4:00 PM;ana;{quote}theirs{quote}"
    _, report = read_text(folder, f"Summary,Issue key,Comment\nSlow,PAY-1,{cell}\n")
    assert report.skipped == {"quote": 1}


@pytest.mark.parametrize(
    ("row", "place", "problem"),
    [
        ("Slow,none,,\n", "line 3", "has no key of an issue; export it again, and let no program change it"),
        ("Slow,PAY-2,soon,\n", "line 3", "the cell is not a date; export it again, and let no program change it"),
        (
            "Slow,PAY-2,1/Jan/89 1:00 PM,\n",
            "line 3",
            "the date 1989-01-01 is before 1990; export it again, and let no program change it",
        ),
    ],
)
def test_a_bad_row_is_quarantined_and_the_others_are_read(folder, row, place, problem):
    text = f"Summary,Issue key,Created,Comment\nSlow,PAY-1,1/Jul/25,\n{row}Slow,PAY-3,1/Jul/25,\n"
    found, report = read_text(folder, text)
    assert [m.id for m in found] == ["jira:PAY-1", "jira:PAY-3"]
    assert [str(p) for p in report.problems] == [f"{folder / 'jira.csv'}, {place}: {problem}"]


def test_a_table_without_keys_cannot_be_read_as_jira(folder):
    with pytest.raises(InputError, match="has no columns 'Issue key' and 'Summary'; export it with all fields"):
        read_text(folder, "a,b\n1,2\n", format="jira")


def test_a_full_page_says_that_there_may_be_more(folder):
    rows = "".join(f"Slow,PAY-{n}\n" for n in range(1, 1_001))
    _, report = read_text(folder, f"Summary,Issue key\n{rows}")
    assert "exactly 1,000 issues: Jira stops there, so there may be more; export the rest by date" in report.assumptions


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        (HEADER + ROW, "jira"),
        ("Key,Summary\nnot a key,Slow\n", "table"),
        ("Key,Summary\nPAY-1,Slow\n", "jira"),
        ("text,author\nPAY-1 is slow,Ana\n", "table"),
        (json.dumps({"Summary": "Slow", "Issue key": "PAY-1"}) + "\n", "table"),
    ],
)
def test_which_tables_are_jiras(tmp_path, text, format_):
    assert sniff(write(tmp_path / "a.csv", text))[0] == format_


def test_damaged_exports_never_crash(folder):
    damage_never_crashes(folder / "damaged.csv", VALID["jira.csv"])
    damage_never_crashes(folder / "damaged.csv", VALID["jira.csv"], format="jira")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.text(max_size=30), max_size=6), max_size=5))
def test_cells_of_any_kind_never_crash(folder, rows):
    path = folder / "cells.csv"
    body = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    path.write_bytes(("Summary,Issue key,Created,Comment\nSlow,PAY-1,,\n" + body).encode("utf-8", "replace"))
    read_anyway(path)
