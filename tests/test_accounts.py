import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals import accounts
from textsignals.records import FileReport, ReadReport


def file(name="a.csv", format_="table", sure=1.0, **more):
    given = {"read": 10, "yielded": 7, "skipped": {"empty": 2}, "quarantined": 1}
    return FileReport(name, format_, **{**given, **more}, sure=sure)


def shown(*files, **more):
    return accounts.lines(ReadReport("in", files), **more)


@pytest.mark.parametrize(
    ("sure", "said"),
    [(1.0, "table"), (0.5, "table"), (0.4, "table"), (0.39, "table (a guess)")],
)
def test_how_sure_a_format_is_stands_beside_it_only_where_it_is_in_doubt(sure, said):
    lines = shown(file(sure=sure))
    assert lines[1].split("  ")[1] == said
    assert any("name one with --format" in line for line in lines) == ("guess" in said)


def test_numbers_stand_below_their_heads_and_have_separators():
    lines = shown(file(read=1_234_567, yielded=1_234_564), file("b.md", "notes"))
    assert lines[:4] == [
        "file   format       read   messages  skipped  quarantined",
        "a.csv  table   1,234,567  1,234,564        2            1",
        "b.md   notes          10          7        2            1",
        "all            1,234,577  1,234,571        4            2",
    ]


def test_the_folder_in_which_all_files_lie_is_told_once():
    assert [line.split("  ")[0] for line in shown(file("in/a.csv"), file("in/x/b.csv"))[:3]] == [
        *["file in in/", "a.csv", "x/b.csv"],
    ]
    assert shown(file("in.zip!a.csv"), file("in.zip!b.csv"))[0].startswith("file in in.zip  ")
    assert shown(file("/long/way/in/a.csv"), file("/long/way/in/b.csv"))[0].startswith("file in in/  ")
    assert shown(file("in/a.csv"))[1].startswith("in/a.csv  ")
    assert shown(file("in/a.csv"), file("inside/b.csv"))[0].startswith("file  ")


def test_many_files_of_one_format_in_one_folder_share_a_line_unless_all_are_asked_for():
    files = [file(f"in/{team}/{i:02}.md", "notes") for team in ("depots", "sales") for i in range(20)]
    files += [file("in/a.csv"), file("in/sales/b.csv"), file("in/sales/doubtful.md", "notes", sure=0.2)]
    lines = shown(*files)
    assert [line.split("  ")[0] for line in lines[:7]] == [
        *["file in in/", "a.csv", "depots/ (20 files)", "sales/ (20 files)", "sales/b.csv", "sales/doubtful.md", "all"],
    ]
    assert lines[2].split() == ["depots/", "(20", "files)", "notes", "200", "140", "40", "20"]
    assert "depots/07.md" in "\n".join(shown(*files, everything=True))


def test_formats_are_summed_where_not_every_file_is_shown():
    files = [file(f"{i:03}/a.csv") for i in range(40)] + [file("z.zip", "slack", read=900, yielded=897), file("x", "")]
    lines = shown(*files)
    assert any(re.fullmatch(r"and 12 more files: --all shows them +120 +84 +24 +12", line) for line in lines)
    at = lines.index("format      files  read  messages  skipped  quarantined")
    assert lines[at + 1 : at + 4] == [
        "slack           1   900       897        2            1",
        "table          40   400       280       80           40",
        "none known      1    10         7        2            1",
    ]
    assert "format      files" not in "\n".join(shown(*files, everything=True))


def test_reasons_and_assumptions_are_told_in_plain_words():
    skipped = {"duplicate": 1, "odd subtype": 1, "createCard": 1}
    lines = shown(file(skipped=skipped, assumptions=("time zone: UTC for times",)))
    assert lines[5:] == [
        "skipped",
        "  1  createCard   an event, as the program calls it",
        "  1  duplicate    met before: exports that overlap, or the same record twice",
        "  1  odd subtype",
        "",
        "assumed",
        "  time zone: UTC for times",
    ]


def test_many_assumptions_are_counted_and_shown_if_asked():
    many = tuple(f"thing {i}" for i in range(13))
    assert shown(file(assumptions=many))[-2:] == ["  thing 9", "  and 3 more: --all shows them"]
    assert shown(file(assumptions=many), everything=True)[-1] == "  thing 12"


def test_of_several_files_it_is_told_which_an_assumption_is_about():
    files = [file(f"in/{i}.csv", assumptions=("days first", "no date")[i % 2 :]) for i in range(4)]
    assert shown(*files)[-2:] == ["  days first; in 0.csv and 1 more", "  no date; in 0.csv and 3 more"]
    assert shown(*files, everything=True)[-1] == "  no date; in 0.csv, 1.csv, 2.csv, 3.csv"


@pytest.mark.parametrize("reason", ["bot_add", "createCard", "GuildMemberJoin", "Call", "m.room.name"])
def test_events_are_known_by_how_programs_write_them(reason):
    assert accounts.meaning(reason) == "an event, as the program calls it"


@pytest.mark.parametrize("reason", ["nick change of a guest", "digits", "no reason"])
def test_other_reasons_speak_for_themselves(reason):
    assert accounts.meaning(reason) == ""


def test_an_account_without_files_is_a_sum_of_nothing():
    assert shown()[-1] == "0 read = 0 messages + 0 skipped + 0 quarantined"


def test_paths_and_details_do_not_tell_who_talks_with_whom():
    report = file("in.zip!mpdm-ann--ben-1/a.json", details={"mpdm-ann--ben-1/": 2, "D024BE91L/": 1})
    assert "ann" not in "\n".join(shown(report))
    data = accounts.as_data(ReadReport("in.zip", (report,)))
    assert data["files"][0]["file"] == "in.zip!direct messages/a.json"
    assert data["files"][0]["details"] == {"direct messages/": 3}


def columns(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


@given(st.lists(st.text(alphabet="a漢é/.\u0301-", min_size=1, max_size=200), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_no_line_is_wider_than_100_columns(names):
    lines = shown(*(file(name, read=10**9, yielded=10**9 - 3, assumptions=("w " * 150,)) for name in names))
    assert max(map(columns, lines)) <= 100


def test_what_is_too_wide_is_cut_in_the_middle():
    [_, cut, *_] = shown(file("begin" + "x" * 200 + "end.csv"))
    assert cut.startswith("beginxxx") and "x...x" in cut and "end.csv  table" in cut
