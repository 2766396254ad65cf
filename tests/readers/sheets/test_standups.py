from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from damage import damage_never_crashes
from exports import read_all, write

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff
from textsignals.readers.sheets import standups

GEEKBOT = (
    "member,date,How do you feel?,What did you do?,What blocks you?,,\n"
    'Ana Ruiz (@ana),2026-03-13 09:00:31,3 - It\'s 50/50,"Paired on login\nand shipped it",nothing,,\n'
    "Bo (@bo),2026-03-13 09:05:00,4 - Good,-,Waiting for legal,,\n"
    "member,date,What went well?,How sure are you?\n"
    "Ana Ruiz (@ana),2026-03-20 17:00:00,The demo,5\n"
    "Bo (@bo),2026-03-20 17:02:00,We talked,2 - nobody has told us what comes next\n"
)
VALID = {"geekbot.csv": GEEKBOT.encode()}
EXPECTED = [
    {"author": "Ana Ruiz", "section": "What did you do?", "text": "Paired on login\nand shipped it"},
    {"author": "Bo", "section": "What blocks you?", "text": "Waiting for legal"},
    {"author": "Ana Ruiz", "section": "What went well?", "text": "The demo"},
    {"author": "Bo", "section": "What went well?", "text": "We talked"},
    {"author": "Bo", "section": "How sure are you?", "text": "nobody has told us what comes next"},
]


def read_text(folder, text, name="standup.csv", **options):
    return read_all(write(folder / name, text), **options)


def short(found):
    return [{"author": m.author, "section": m.section, "text": m.text} for m in found]


@pytest.mark.parametrize(
    "text",
    [
        GEEKBOT,
        "\ufeff" + GEEKBOT.replace("\n", "\r\n"),
        # Saved again by a spreadsheet.
        GEEKBOT.replace(",", ";").replace("'", "’").encode("cp1252"),
        GEEKBOT.replace(",", "\t").encode("utf-16"),
    ],
)
def test_dialects_of_one_export_are_read_alike(folder, text):
    found, report = read_text(folder, text)
    assert short(found) == EXPECTED
    assert report.skipped == {"scale": 3, "no answer": 2, "repeated header": 1}
    assert (report.read, report.problems, report.files[0].format) == (11, (), "standups")
    assert {m.kind for m in found} == {"status"}


def test_members_have_a_name_and_a_handle_and_times_the_zone_asked_for(folder):
    found, report = read_text(folder, GEEKBOT, tz=ZoneInfo("America/New_York"))
    assert (found[0].author, found[0].author_id) == ("Ana Ruiz", "@ana")
    assert found[0].timestamp == datetime(2026, 3, 13, 13, 0, 31, tzinfo=UTC)
    assert (found[0].tz_assumed, found[0].time_precision, found[0].locator) == (
        True,
        "second",
        "line 2, column 4",
    )
    assert "time zone: America/New_York for times that name none" in report.assumptions


def test_each_header_inside_the_file_changes_the_questions_below(folder):
    _, report = read_text(folder, GEEKBOT)
    said = [a for a in report.assumptions if a.startswith("each of")]
    assert said == [
        "each of these columns holds texts: How do you feel?, What did you do?, What blocks you?",
        "each of these columns holds texts: What went well?, column 4",
    ]


WIDE = "Date,Name,Yesterday,Today,Blockers,Notes\n13/03/2026,Ana,Login,Search,We wait for legal,All fine\n"
LONG = (
    "Person;Day;Question;Answer\nAna;13.03.2026;Yesterday;Login\nAna;13.03.2026;Today;Search\n"
    "Ana;13.03.2026;Blockers;We wait for legal\nAna;13.03.2026;Notes;All fine\n"
)


@pytest.mark.parametrize("text", [WIDE, LONG])
def test_a_column_for_each_question_or_a_row_for_each_answer(folder, text):
    found, report = read_text(folder, text)
    texts = {"Yesterday": "Login", "Today": "Search", "Blockers": "We wait for legal", "Notes": "All fine"}
    # A column of notes is short of words here, but its name says that it holds some.
    assert {m.section: m.text for m in found} == texts
    assert {(m.author, f"{m.timestamp:%F}", m.time_precision) for m in found} == {("Ana", "2026-03-13", "day")}
    assert report.files[0].format == "standups"


@pytest.mark.parametrize(
    "header",
    ["Nombre,Fecha,Ayer,Hoy,Bloqueos", "Name,Datum,Gestern,Heute,Blockaden", "Nom,Date,Hier,Aujourd'hui,Blocages"],
)
def test_questions_of_other_languages_are_known(folder, header):
    found, report = read_text(folder, f"{header}\nAna,2026-03-13,Login done,Search now,We wait\n")
    assert [m.text for m in found] == ["Login done", "Search now", "We wait"]
    assert [m.section for m in found] == header.split(",")[2:]
    assert report.files[0].format == "standups"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("<@U12AB|ana> helps <!subteam^S12|@payments>", "@ana helps @payments"),
        ("see <https://example.org/a|the plan> &amp; <https://example.org>", "see the plan & https://example.org"),
        ("<#C12|general> and <!here>", "#general and @here"),
        ("a < b and c > d", "a < b and c > d"),
        ("1. one\n2. two", "1. one\n2. two"),
    ],
)
def test_the_chats_markup_in_answers_becomes_what_people_saw(folder, answer, text):
    found, _ = read_text(folder, f'name,date,yesterday,today\nAna,2026-03-13,"{answer}",We go on\n')
    assert found[0].text == text


@pytest.mark.parametrize("filler", ["nothing", "n/a", "-", "None.", "no", "keine", "なし", "Nothing new"])
def test_answers_that_say_there_is_none_are_left_out(folder, filler):
    _, report = read_text(folder, f"name,date,yesterday,today\nAna,2026-03-13,{filler},We go on\n")
    assert report.skipped == {"no answer": 1}


def test_numbers_in_answers_that_are_no_scale_stay(folder):
    rows = "Ana,2026-03-13,2 - reviews done,We go on\nBo,2026-03-13,Wrote to legal,So do we\n"
    found, _ = read_text(folder, f"name,date,yesterday,today\n{rows}")
    assert found[0].text == "2 - reviews done"


def test_overlapping_exports_give_each_answer_once_and_undated_ones_are_kept(tmp_path):
    # Each with another end, or it would be the same file under another name.
    for name, end in {"a.csv": "", "b.csv": "\n"}.items():
        (tmp_path / name).write_text(GEEKBOT + end)
        (tmp_path / f"undated-{name}").write_text(f"name,yesterday,today\nAna,Login,Search\n{end}")
    reading = ts.read(tmp_path)
    assert len(list(reading)) == len(EXPECTED) + 4
    assert reading.report.skipped["duplicate"] == len(EXPECTED)


def test_a_bad_date_is_quarantined_and_the_others_are_read(folder):
    text = "name,date,yesterday,today\nAna,2026-03-13,One,Two\nBo,2026-02-30,One,Two\nCy,2026-03-13,One,Two\n"
    found, report = read_text(folder, text)
    assert [m.author for m in found] == ["Ana", "Ana", "Cy", "Cy"]
    problem = f"{folder / 'standup.csv'}, line 3: '2026-02-30' is not a date; write dates as 2026-03-31"
    assert [str(p) for p in report.problems] == [problem] * 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "name,date\nAna,2026-03-13\n",
            "has no answers among: name, date; name it with --column text=NAME; "
            "the first row must hold the names of the columns",
        ),
        ("name,yesterday,today\n", "has a header but no rows; export it again with its data"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(folder, text, problem):
    with pytest.raises(InputError) as caught:
        read_text(folder, text, format="standups")
    assert str(caught.value) == f"{folder / 'standup.csv'}: {problem}"


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        (GEEKBOT, "standups"),
        (WIDE, "standups"),
        (LONG, "standups"),
        ("member,date,Mood\nAna (@ana),2026-03-13,4\n", "standups"),
        ("date,author,text\n2026-03-13,Ana,We go on today\n", "table"),
        ("start,stop,continue\na,b,c\n", "retro-board"),
        ("date,text,today\n2026-03-13,We go on,x\n", "table"),
        (json.dumps({"name": "Ana", "yesterday": "a", "today": "b"}) + "\n", "table"),
    ],
)
def test_which_tables_are_standups(tmp_path, text, format_):
    assert sniff(write(tmp_path / "a.csv", text))[0] == format_


def test_the_demo_of_the_samples_is_read_as_it_stands(samples):
    answers, report = read_all(samples / "standup-csv/standup.csv")
    # Six people, three questions; Name and Status hold no answers. Three blockers are "None", "N/A" and "-".
    assert Counter(answer.section for answer in answers) == {"Yesterday": 6, "Today": 6, "Blocker": 3}
    assert len({answer.author for answer in answers}) == 6
    assert (report.read, report.skipped) == (18, {"no answer": 3})
    assert report.files[0].details == {"columns": 5, "rows": 6, "filled cells": 30}


def test_damaged_exports_never_crash(folder):
    damage_never_crashes(folder / "damaged.csv", VALID["geekbot.csv"])
    damage_never_crashes(folder / "damaged.csv", VALID["geekbot.csv"], format=standups.NAME)
