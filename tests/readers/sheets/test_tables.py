from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from damage import damaged, read_anyway
from exports import read_all, write, write_zip
from hypothesis import given, settings
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError

HINT = "name it with --column text=NAME; the first row must hold the names of the columns"


def read_text(tmp_path, text, name="notes.csv", **options):
    return read_all(write(tmp_path / name, text), **options)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "date,author,text,team\n2026-03-13,Ana,We decided it,Payments\n"),
        ("a.csv", "Date;Author;Comment;Team\n2026-03-13;Ana;We decided it;Payments\n"),
        ("a.tsv", "created_at\tUser Name\tBody\tSquad\n2026-03-13\tAna\tWe decided it\tPayments\n"),
        ("a.csv", '\ufeff"Datum","Autor","Kommentar","Abteilung"\r\n"13.03.2026","Ana","We decided it","Payments"\r\n'),
        ("a.jsonl", '{"ts": "2026-03-13", "user": "Ana", "message": "We decided it", "team": "Payments"}\n'),
        ("a.csv", '{"day": 1773360000, "who": "Ana", "text": "We decided it", "group": "Payments"}\n'),
    ],
)
def test_dialects_of_one_table_are_read_alike(tmp_path, name, text):
    [found], report = read_text(tmp_path, text, name)
    assert (found.text, found.author, found.team) == ("We decided it", "Ana", "Payments")
    assert found.timestamp == datetime(2026, 3, 13, tzinfo=UTC)
    assert report.problems == ()


def test_a_table_with_a_column_called_ts_is_no_slack_export(tmp_path):
    lines = [{"ts": "2026-03-13", "user": "Ana", "text": f"We decided {n}"} for n in range(3)]
    found, report = read_text(tmp_path, "\n".join(map(json.dumps, lines)), "chat.jsonl")
    assert len(found) == 3
    assert report.files[0].format == "table"


def test_columns_that_are_questions_give_a_message_for_each_answer(tmp_path):
    text = "member,What blocks you?,Went well,Mood\nAna,Waiting for legal,Pairing (+3),4\nBo,n/a,,5\nCy,,,\n"
    found, report = read_text(tmp_path, text)
    assert [(m.author, m.section, m.text, m.votes) for m in found] == [
        ("Ana", "What blocks you?", "Waiting for legal", None),
        ("Ana", "Went well", "Pairing", 3),
    ]
    assert report.skipped == {"empty": 1, "no answer": 1}
    assert report.assumptions == (
        "each of these columns holds texts: What blocks you?, Went well",
        "columns: author = member",
        "columns not used: Mood",
    )


def test_a_table_without_authors_says_that_it_speaks_for_the_group(tmp_path):
    _, report = read_text(tmp_path, "text,team\nWe wait,A\n")
    told = "no author column: the texts speak for the group; if one is there, name it: --column author=NAME"
    assert told in report.assumptions


@pytest.mark.parametrize("filler", ["none", "N/A", "-", "Nothing.", "nope", "??", "TBD"])
def test_answers_that_say_there_is_none_are_skipped(tmp_path, filler):
    found, report = read_text(tmp_path, f"text,team\n{filler},A\nWe wait,A\n")
    assert [m.text for m in found] == ["We wait"]
    assert report.skipped == {"no answer": 1}


def test_a_header_repeated_inside_is_no_message(tmp_path):
    found, report = read_text(tmp_path, "author,text\nAna,We wait\nauthor,text\nBo,We go\n")
    assert [m.text for m in found] == ["We wait", "We go"]
    assert report.skipped == {"repeated header": 1}


def test_cells_over_several_lines_are_one_text_and_places_count_lines_of_the_file(tmp_path):
    found, _ = read_text(tmp_path, 'author,text\nAna,"one\ntwo"\nBo,three\n')
    assert [(m.text, m.locator) for m in found] == [("one\ntwo", "line 2"), ("three", "line 4")]


def test_a_named_column_is_taken_and_shown(tmp_path):
    text = "Wer,Was,Wann\nAna,We wait,2026-03-13\n"
    options = {"columns": {"text": "Was", "author": "Wer", "date": "Wann"}}
    [found], report = read_text(tmp_path, text, **options)
    assert (found.text, found.author, f"{found.timestamp:%F}") == ("We wait", "Ana", "2026-03-13")
    assert "columns: text = column 2, author = Wer, date = Wann" in report.assumptions


@pytest.mark.parametrize(
    ("text", "options", "problem"),
    [
        ("id,size\n1,2\n3,4\n", {}, "has no text column among: id, size; " + HINT),
        (
            "id,size\n1,2\n",
            {"columns": {"text": "Was"}},
            "has no column of the name given for text; choose among: id, size",
        ),
        ("id,text\n", {}, "has a header but no rows; export it again with its data"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, text, options, problem):
    with pytest.raises(InputError) as caught:
        read_text(tmp_path, text, **options)
    assert str(caught.value) == f"{tmp_path / 'notes.csv'}: {problem}"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (
            "2026-03-13,We wait, and wait",
            "has 3 cells under 2 columns; put texts that hold the delimiter in quotes",
        ),
        ("2026-02-30,We wait", "'2026-02-30' is not a date; write dates as 2026-03-31"),
        ("soon,We wait", "the cell is not a date; write dates as 2026-03-31"),
        ("0001-01-01T00:00+05:00,We wait", "'0001-01-01T00:00+05:00' is not a date; write dates as 2026-03-31"),
        ("1989-12-31,We wait", "the date 1989-12-31 is before 1990; write dates as 2026-03-31"),
        ("2999-01-01,We wait", "the date 2999-01-01 is in the future; write dates as 2026-03-31"),
    ],
)
def test_a_bad_row_is_quarantined_with_its_line_and_the_others_are_read(tmp_path, row, problem):
    found, report = read_text(tmp_path, f"date,text\n2026-03-12,Before\n{row}\n2026-03-14,After\n")
    assert [m.text for m in found] == ["Before", "After"]
    assert [str(p) for p in report.problems] == [f"{tmp_path / 'notes.csv'}, line 3: {problem}"]
    assert (report.read, report.yielded, report.quarantined) == (3, 2, 1)


def test_a_cell_with_broken_bytes_is_quarantined(tmp_path):
    text = "date,text\n2026-03-12,It’s fine\n2026-03-13,bro".encode() + b"\xffken\n"
    found, report = read_text(tmp_path, text)
    assert [m.text for m in found] == ["It’s fine"]
    assert [str(p) for p in report.problems] == [
        f"{tmp_path / 'notes.csv'}, line 3: holds bytes that are not text; save the file as UTF-8"
    ]


@pytest.mark.parametrize("line", ["{broken", "[1, 2]", "17", '{"text": "' + "[" * 5])
def test_a_bad_line_of_json_is_quarantined_and_the_others_are_read(tmp_path, line):
    found, report = read_text(tmp_path, f'{{"text": "one"}}\n{line}\n\n{{"text": "two"}}\n', "a.jsonl")
    assert [m.text for m in found] == ["one", "two"]
    assert [str(p) for p in report.problems] == [
        f"{tmp_path / 'a.jsonl'}, line 2: is not a JSON object; write one object a line"
    ]
    assert (report.read, report.yielded, report.quarantined) == (3, 2, 1)


def test_signs_that_end_lines_elsewhere_do_not_end_a_line_of_json(tmp_path):
    text = "one\u2028two\x85three"
    found, report = read_text(tmp_path, json.dumps({"text": text}, ensure_ascii=False) + "\n", "a.jsonl")
    assert [m.text for m in found] == [text]
    assert report.problems == ()


@pytest.mark.parametrize(
    ("rows", "days", "said"),
    [
        (["03/02/2026", "13/02/2026"], ["2026-02-03", "2026-02-13"], "day"),
        (["03/02/2026", "02/13/2026"], ["2026-03-02", "2026-02-13"], "month"),
        (["03/02/2026", "04/02/2026"], ["2026-03-02", "2026-04-02"], "month"),
    ],
)
def test_the_order_of_day_and_month_is_decided_once_for_a_file(tmp_path, rows, days, said):
    found, report = read_text(tmp_path, "date,text\n" + "".join(f"{day},We wait\n" for day in rows))
    assert [f"{m.timestamp:%Y-%m-%d}" for m in found] == days
    assert f"dates with slashes: {said} first" in report.assumptions


def test_times_without_zone_are_in_the_zone_asked_for(tmp_path):
    text = "date,text\n2026-07-01 09:00,Local\n2026-07-01T09:00:00Z,Zoned\n"
    found, report = read_text(tmp_path, text, tz=ZoneInfo("Europe/Berlin"))
    assert [(m.timestamp.hour, m.tz_assumed) for m in found] == [(7, True), (9, False)]
    assert "time zone: Europe/Berlin for times that name none" in report.assumptions


def test_without_a_date_column_the_name_of_the_file_dates_the_rows(tmp_path):
    [found], _ = read_text(tmp_path, "author,text\nAna,We wait\n", "standup-2026-03-13.csv")
    assert (str(found.timestamp), found.time_source) == ("2026-03-13 00:00:00+00:00", "filename")


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffd"))),
    st.sampled_from([",", ";", "\t"]),
)
def test_any_cell_comes_back_as_written_and_is_counted(folder, cells, delimiter):
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([["author", "text"], ["Ana", "We wait"], *(["Bo", f"so {cell}"] for cell in cells)])
    path = folder / "a.csv"
    path.write_text(out.getvalue(), "utf-8", newline="")
    reading = ts.read(path)
    kept = [m.text for m in reading if m.author == "Bo"]
    # Only votes at the end of a cell are taken off.
    assert len(kept) == reading.report.yielded - 1 == len(cells)
    assert [k for k, c in zip(kept, cells, strict=True) if not f"so {c}".strip().startswith(k.strip())] == []


def test_a_column_asked_for_in_one_role_is_not_guessed_for_another(tmp_path):
    [found], _ = read_text(tmp_path, "note,comment\nWe wait,Blockers\n", columns={"section": "comment"})
    assert (found.text, found.section) == ("We wait", "Blockers")


def test_a_role_that_does_not_exist_fails_at_the_call(tmp_path):
    with pytest.raises(InputError, match="no such role of a column: txet; one of text, author, date"):
        ts.read(tmp_path, columns={"txet": "Was"})


@pytest.mark.parametrize(
    ("cell", "text", "votes"),
    [
        ("Pairing (+2)", "Pairing", 2),
        ("Pairing (1 vote)", "Pairing", 1),
        ("Pairing (+3 votes)", "Pairing", 3),
        ("Shipped it (2025)", "Shipped it (2025)", None),
    ],
)
def test_votes_are_told_from_other_numbers_in_brackets(tmp_path, cell, text, votes):
    [found], _ = read_text(tmp_path, f"text,team\n{cell},A\n")
    assert (found.text, found.votes) == (text, votes)


@pytest.mark.parametrize(
    ("written", "precision", "assumed"),
    [
        ("3/13/2026", "day", False),
        ("13.03.2026", "day", False),
        ("20260313", "day", False),
        ("2026-03-13", "day", False),
        ("2026-03-13 00:00", "second", True),
        ("3/13/2026 10:15:33", "second", True),
        ("3/13/2026, 5:04 PM", "second", True),
        ("3/13/26 5:04\u202fPM", "second", True),
    ],
)
def test_a_mere_day_is_exact_to_the_day_and_needs_no_zone(tmp_path, written, precision, assumed):
    [found], report = read_text(tmp_path, f"date;text\n{written};We wait\n")
    assert report.problems == ()
    assert (f"{found.timestamp:%F}", found.time_precision, found.tz_assumed) == ("2026-03-13", precision, assumed)


def test_line_ends_of_old_macs_and_repeated_columns_are_understood(tmp_path):
    found, report = read_text(tmp_path, "text;Tag;Tag\rWe wait;a;b\rtext;Tag;Tag\rWe go;a;b\r")
    assert [m.text for m in found] == ["We wait", "We go"]
    assert report.skipped == {"repeated header": 1}


def test_a_file_name_in_the_future_dates_nothing(tmp_path):
    found, report = read_text(tmp_path, "author,text\nAna,We wait\n", "2099-03-13.csv")
    assert (found, report.quarantined) == ([], 1)


@pytest.mark.parametrize(
    "header",
    [
        "Fecha,Autor,Mensaje,Equipo",
        "Date,Auteur,Commentaire,Équipe",
        "Data,Autore,Messaggio,Squadra",
        "Datum,Gebruiker,Bericht,Afdeling",
        "Дата,Автор,Сообщение,Команда",
        "日時,投稿者,コメント,チーム",
        "Erstellt am,Ersteller,Beschreibung,Abteilung",
    ],
)
def test_column_names_of_other_languages_are_known(tmp_path, header):
    [found], _ = read_text(tmp_path, f"{header}\n13.03.2026,Ana,We wait,Payments\n")
    assert (found.text, found.author, found.team) == ("We wait", "Ana", "Payments")
    assert f"{found.timestamp:%F}" == "2026-03-13"


def test_a_column_called_data_is_a_date_only_if_dates_stand_in_it(tmp_path):
    found, report = read_text(tmp_path, "data,text\nx=1,We wait\ny=2,We go\n")
    assert [m.timestamp for m in found] == [None, None]
    assert report.problems == ()


def test_votes_have_a_column_or_stand_behind_the_text(tmp_path):
    found, _ = read_text(tmp_path, "text,votes\nPairing,3\nTalking (+2),1\nWaiting,\n")
    assert [(m.text, m.votes) for m in found] == [("Pairing", 3), ("Talking", 2), ("Waiting", None)]


def test_numbers_that_are_ids_stay_as_they_are_written(tmp_path):
    [found], _ = read_text(
        tmp_path, '{"user_id": "007", "channel": 12345678901234567890, "text": "We wait"}\n', "a.jsonl"
    )
    assert (found.author, found.channel) == ("007", "12345678901234567890")


def test_each_header_inside_a_table_changes_its_columns(tmp_path):
    text = "date,author,text\n2026-03-13,Ana,We wait\ndate,author,team,text\n2026-03-14,Bo,P,We go\n"
    found, report = read_text(tmp_path, text)
    assert [(m.author, m.team, m.text) for m in found] == [("Ana", None, "We wait"), ("Bo", "P", "We go")]
    assert report.skipped == {"repeated header": 1}


def test_tables_that_overlap_give_each_row_once_and_rows_alike_are_kept(tmp_path):
    row = "2026-03-13 10:00,Ana,We wait\n"
    (tmp_path / "a.csv").write_text(f"date,author,text\n{row}{row}")
    (tmp_path / "b.csv").write_text(f"date,author,text\n{row}2026-03-14 10:00,Ana,We wait\n")
    # Without dates of their own, the same words in two files are two messages.
    (tmp_path / "c.csv").write_text("author,text\nAna,We wait\n")
    (tmp_path / "d.csv").write_text("author,text\nAna,We wait\n\n")
    reading = ts.read(tmp_path)
    assert len(list(reading)) == 5
    assert reading.report.skipped == {"duplicate": 1}


def parquet(path, columns, **options):
    import pyarrow
    from pyarrow import parquet as pq

    pq.write_table(pyarrow.table(columns), path, **options)
    return path


def test_parquet_is_read_like_other_tables(tmp_path):
    import pyarrow as pa

    moment = datetime(2026, 3, 13, 10)
    columns = {
        "created_at": pa.array([moment, None, moment], pa.timestamp("ns", tz="UTC")),
        "author": pa.array(["Ana", "Bo", None]).dictionary_encode(),
        "text": ["We wait", "None", "We go"],
        "tags": [["a"], [], None],
        "extra": [{"a": 1}, {"a": 2}, {"a": None}],
        "raw": [b"\xff", b"", None],
        "member id": [1.0, None, 3.0],
    }
    reading = ts.read(parquet(tmp_path / "a.parquet", columns))
    assert [(m.text, m.author, m.source, m.locator) for m in reading] == [
        ("We wait", "Ana", "parquet", "row 1"),
        ("We go", None, "parquet", "row 3"),
    ]
    assert next(iter(reading)).timestamp == moment.replace(tzinfo=UTC)
    [file] = reading.report.files
    assert (file.format, file.sure) == ("table", 0.95)


def test_parquet_is_read_out_of_archives_and_in_batches(tmp_path):
    path = parquet(tmp_path / "a.parquet", {"text": [f"We wait {n}" for n in range(2_500)]}, row_group_size=700)
    packed = write_zip(tmp_path / "a.zip", {"in/a.parquet": path.read_bytes()})
    assert [m.text for m in ts.read(packed)] == [m.text for m in ts.read(path)]
    assert sum(1 for _ in ts.read(path)) == 2_500


def test_columns_of_parquet_that_are_nested_hold_no_texts(tmp_path):
    answers = ["We wait for legal to answer", "We go on as planned now"]
    columns = {"Wie war es?": answers, "extra": [{"long": "so many words stand in here"}] * 2}
    found = list(ts.read(parquet(tmp_path / "a.parquet", columns)))
    assert [(m.section, m.text) for m in found] == [("Wie war es?", answer) for answer in answers]


def test_parquet_that_is_cut_off_says_so(tmp_path):
    path = parquet(tmp_path / "a.parquet", {"text": ["We wait"] * 100})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"is not a complete Parquet file \(.*\); export it again"):
        list(ts.read(path))


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_damaged_parquet_never_crashes(folder, data):
    path = parquet(folder / "a.parquet", {"text": ["We wait"] * 3, "date": ["2026-03-13"] * 3})
    path.write_bytes(data.draw(damaged(path.read_bytes())))
    read_anyway(path, format="table")


def test_a_single_column_of_prose_is_the_text_and_its_name_the_section(tmp_path):
    text = "author,What held us up?\nAna,We waited for legal all week long\n"
    [found], _ = read_text(tmp_path, text)
    assert (found.kind, found.section, found.locator) == ("message", "What held us up?", "line 2")
