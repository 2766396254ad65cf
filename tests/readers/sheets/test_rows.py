from __future__ import annotations

import tracemalloc

import pytest

import textsignals as ts
from textsignals.readers.base import FileLog
from textsignals.readers.sheets.rows import header, parts, sample
from textsignals.readers.sources import open_file


@pytest.fixture
def table(tmp_path):
    def write(text, name="a.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        log = FileLog(str(path), "table")
        return [
            (p.columns, [(place, tuple(row.values())) for place, row in p.rows]) for p in parts(open_file(path), log)
        ], log

    return write


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n", "a;b\n1;2", "a\tb\r\n1\t2\r\n", "sep=;\na;b\n1;2\n", '\ufeff"a","b"\n"1","2"\n', "\n\na|b\n1|2\n"],
)
def test_the_delimiter_is_found_in_the_first_records(table, text):
    [(columns, rows)], log = table(text)
    assert (columns, [cells for _, cells in rows]) == (("a", "b"), [("1", "2")])
    assert log.read == 0


def test_a_single_column_keeps_texts_that_hold_delimiters(table):
    [(columns, rows)], _ = table('text\nWe wait, and wait; or so\n"two\nlines"\n')
    assert columns == ("text",)
    assert rows == [("line 2", ("We wait, and wait; or so",)), ("line 3", ("two\nlines",))]


def test_a_header_inside_begins_a_part_with_its_own_columns(table):
    found, log = table("who,day,one\nAna,1,x\nwho,day,two,three\nAna,2,y,z\nwho,day,two,three\nBo,3,y,z\n")
    assert found == [
        (("who", "day", "one"), [("line 2", ("Ana", "1", "x"))]),
        (("who", "day", "two", "three"), [("line 4", ("Ana", "2", "y", "z")), ("line 6", ("Bo", "3", "y", "z"))]),
    ]
    assert log.skipped == {"repeated header": 2}


def test_words_that_happen_to_be_a_columns_name_are_no_header(table):
    [(_, rows)], log = table("Start,Stop\nStop,early meetings\nStart,Stopping\n")
    assert (len(rows), log.read) == (2, 0)


@pytest.mark.parametrize("rows_after", [0, 3, 20_000])
def test_a_quote_that_is_never_closed_costs_its_own_row_only(table, rows_after):
    after = "".join(f"Bo,fine {n}\n" for n in range(rows_after))
    [(_, rows)], log = table(f'who,text\nAna,"closed"\nAna,"open\n{after}')
    assert len(rows) == 1 + rows_after
    assert [(p.place, p.problem) for p in log.problems] == [("line 3", "cannot be split into cells")]
    assert [place for place, _ in rows][1:3] == ["line 4", "line 5"][:rows_after]


def test_a_cell_too_long_to_be_one_is_quarantined_with_all_its_lines(table):
    long = "\n".join(["prose without end"] * 10_000)
    [(_, rows)], log = table(f'who,text\nAna,"{long}"\nBo,fine\n')
    assert [cells for _, cells in rows] == [("Bo", "fine")]
    assert [str(p).partition(": ")[2] for p in log.problems] == [
        "cannot be split into cells, nor what follows up to line 10001; close the quotes, or export it again"
    ]


def test_columns_that_share_a_name_or_have_none_are_told_apart(table):
    [(columns, _)], _ = table("a,a,,a\n1,2,3,4\n")
    assert columns == ("a", "a (2)", "column 3", "a (3)")


def test_a_long_line_of_json_is_read_whole(table):
    [(_, rows)], log = table('{"text": "' + "x" * 3_000_000 + '"}\n{"text": "y"}\n', "a.jsonl")
    assert [(place, len(cells[0])) for place, cells in rows] == [("line 1", 3_000_000), ("line 2", 1)]
    assert log.problems == []


def test_a_look_at_the_first_records_takes_titles_and_headers_as_they_are():
    assert header("a;b\n1;2\n") == ["a", "b"]
    assert header("no table\n") == []
    assert sample("Title\n\na,b,c\n1,2,3\n")[:2] == [["Title"], ["a", "b", "c"]]


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "a.csv"
    line = "2026-03-13,Ana,We wait for the same answer as on every other day\n"

    def peak(n):
        path.write_text("date,author,text\n" + line * n)
        tracemalloc.start()
        assert sum(1 for _ in ts.read(path)) == n
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(100)
    # Each record leaves two hashes of eight bytes, in tables that are up to four times as large. Below 5,000 lines the
    # file is read as one piece.
    assert peak(8_000) - peak(5_000) < 3_000 * 150
