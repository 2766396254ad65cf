from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from damage import damage_never_crashes
from exports import read_all, write

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff
from textsignals.readers.boards import retro_boards as boards

PARABOL = (
    "reflectionGroup,author,votes,type,createdAt,discussionThread,prompt,content\n"
    "Deploys,Anonymous,3,Reflection,2026-03-13T10:00:00.000Z,,What went well?,We deploy every day\n"
    'Deploys,Ana Ruiz,3,Comment,2026-03-13T10:20:00.000Z,,,"Only since the\nnew pipeline"\n'
    "Deploys,Bo,3,Reply,2026-03-13T10:21:00.000Z,Only since the,,It helped\n"
    "Deploys,Ana Ruiz,3,Task,2026-03-13T10:22:00.000Z,,,Write down how\n"
)
PARABOL_NAME = "ParabolRetrospective_Core Team_2026-3-9.csv"
EASY = 'Went well,To improve,Action items\nPairing (+2),"Late\nanswers",Ask legal [1 vote]\n,No plan,\n'
EASY_TEXT = "Went well\n- Pairing (2 votes) \n\nTo improve\n- Late\nanswers (0 votes) \n- No plan (0 votes) \n"
AZURE = (
    "\"Retrospectives Summary for 'Sprint 12' (https://dev.azure.com/x/y/_apps/hub/z#teamId=1&boardId=2)\"\n\n\n"
    "Feedback Items\nType,Description,Votes,CreatedDate,CreatedBy\n"
    '"Went "really" well","We said "no", and it was "fine"",3,2026-03-13T10:00:00.000Z,"Ana Ruiz"\n'
    '"To improve","First line\nand, "second"",0,Fri Mar 13 2026 12:30:00 GMT+0100 (Central European Time),"undefined"\n'
    "\n\nWork Items\nFeedback Description,Work Item Title,Work Item Type,Work Item Id,Url\n"
    '"We said "no"","Write it down",Task,12,https://dev.azure.com/x\n'
)
AZURE_SAVED = (
    "Retrospectives Summary for 'Sprint 12' (https://dev.azure.com/x);;;;\n;;;;\nFeedback Items;;;;\n"
    "Type;Description;Votes;CreatedDate;CreatedBy\n"
    '"Went ""really"" well";"We said ""no"", and it was ""fine""";3;13.03.2026 10:00;Ana Ruiz\n'
    'To improve;"First line\nand, ""second""";0;13.03.2026 11:30;undefined\n'
    ";;;;\nWork Items;;;;\nFeedback Description;Work Item Title;Work Item Type;Work Item Id;Url\n"
    "We said no;Write it down;Task;12;https://dev.azure.com/x\n"
)
LONG = (
    "Column,Idea,Votes,Participant,Created at\nWent well,Pairing,2,Ana,2026-03-13\n"
    "To improve,Late answers,0,Bo,2026-03-13\nAction items,Ask legal,1,Ana,2026-03-13\n"
)
VALID = {
    PARABOL_NAME: PARABOL.encode(),
    "easy.csv": EASY.encode(),
    "easy.txt": EASY_TEXT.encode(),
    "azure.csv": AZURE.encode(),
    "azure-saved.csv": AZURE_SAVED.encode("cp1252"),
    "long.csv": LONG.encode(),
}


def read_text(folder, text, name="retro.csv", **options):
    return read_all(write(folder / name, text), **options)


# Parabol


def reordered(text):
    """The same table with its columns the other way round, as other versions may write them."""
    import csv
    import io

    out = io.StringIO()
    csv.writer(out).writerows(row[::-1] for row in csv.reader(io.StringIO(text)))
    return out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        PARABOL,
        "\ufeff" + PARABOL,
        reordered(PARABOL),
        PARABOL.replace(",", ";").encode("utf-16"),
        # Where the text of a comment stands has changed.
        PARABOL.replace(',,,"Only since the\nnew pipeline"', ',"Only since the\nnew pipeline",,'),
    ],
)
def test_dialects_of_parabol_are_read_alike(folder, text):
    found, report = read_text(folder, text, PARABOL_NAME)
    assert [(m.kind, m.text, m.author, m.section, m.votes) for m in found] == [
        ("card", "We deploy every day", None, "What went well?", 3),
        ("comment", "Only since the\nnew pipeline", "Ana Ruiz", None, None),
        ("comment", "It helped", "Bo", None, None),
        ("action_item", "Write down how", "Ana Ruiz", None, None),
    ]
    assert {(m.team, m.thread_id) for m in found} == {("Core Team", f"{PARABOL_NAME[:-4]}: Deploys")}
    assert found[0].timestamp == datetime(2026, 3, 13, 10, tzinfo=UTC)
    assert (report.read, report.problems, report.files[0].format) == (4, (), "retro-board")


def test_older_files_of_parabol_have_a_title_and_no_times(folder):
    text = "title,votes,type,content\nDeploys,3,Reflection,We deploy\nDeploys,3,Task,Write it down\n"
    found, _ = read_text(folder, text, PARABOL_NAME)
    assert [(m.kind, m.text, m.votes, m.time_source) for m in found] == [
        ("card", "We deploy", 3, "filename"),
        ("action_item", "Write it down", None, "filename"),
    ]
    assert {f"{m.timestamp:%F}" for m in found} == {"2026-03-09"}


def test_a_check_in_of_parabol_holds_tasks(folder):
    found, _ = read_text(folder, "agendaItem,task\nHiring,Call the agency\n", "ParabolAction_Core_2026-2-1.csv")
    assert [(m.kind, m.text, m.section, m.team) for m in found] == [
        ("action_item", "Call the agency", "Hiring", "Core")
    ]


def test_a_retro_exported_twice_is_counted_once(tmp_path):
    (tmp_path / PARABOL_NAME).write_text(PARABOL)
    (tmp_path / PARABOL_NAME.replace(".csv", " (1).csv")).write_text(PARABOL)
    reading = ts.read(tmp_path)
    assert (len(list(reading)), reading.report.skipped) == (4, {"duplicate file": 1})


# EasyRetro


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a-2026-03-13.csv", EASY),
        ("a-2026-03-13.csv", EASY.replace(",", ";").replace("Late", "Läte").encode("cp1252")),
        ("a-2026-03-13.csv", EASY.replace("\n", "\r\n").replace("Late\r\n", "Late\n")),
    ],
)
def test_dialects_of_a_wide_board_are_read_alike(folder, name, text):
    found, report = read_text(folder, text, name)
    assert [(m.kind, m.section, m.text.replace("ä", "a"), m.votes) for m in found] == [
        ("card", "Went well", "Pairing", 2),
        ("card", "To improve", "Late\nanswers", None),
        ("action_item", "Action items", "Ask legal", 1),
        ("card", "To improve", "No plan", None),
    ]
    assert {(f"{m.timestamp:%F}", m.time_source, m.time_precision) for m in found} == {
        ("2026-03-13", "filename", "day")
    }
    assert report.files[0].details == {"columns": 3, "rows": 2, "filled cells": 4}
    assert found[1].locator == "line 2, column 2"


def test_a_board_as_text_is_read_like_its_table(folder):
    found, report = read_text(folder, EASY_TEXT, "board.txt")
    assert [(m.kind, m.section, m.text, m.votes, m.locator) for m in found] == [
        ("card", "Went well", "Pairing", 2, "line 2"),
        ("card", "To improve", "Late\nanswers", 0, "line 5"),
        ("card", "To improve", "No plan", 0, "line 7"),
    ]
    assert (report.skipped, report.read) == ({"heading": 2}, 5)


def test_a_board_without_any_date_says_so(folder):
    found, report = read_text(folder, EASY)
    assert {(m.timestamp, m.time_source) for m in found} == {(None, "none")}
    told = "no date: the board holds none, and its file name has none (such as 2026-03-31)"
    assert report.assumptions == (told,)


@pytest.mark.parametrize("sign", ["---", "=====", "***"])
def test_cards_laid_on_each_other_are_cards_of_their_own(folder, sign):
    found, report = read_text(folder, f'Start,Stop,Continue\n"One (+1)\n{sign}\nTwo","-----",Three\n')
    assert [(m.text, m.votes, m.locator) for m in found] == [
        ("One", 1, "line 2, column 1, card 1"),
        ("Two", None, "line 2, column 1, card 2"),
        ("Three", None, "line 2, column 3"),
    ]
    assert report.skipped == {"no answer": 1}


def test_two_undated_boards_may_hold_the_same_card(tmp_path):
    (tmp_path / "a.csv").write_text(EASY)
    # Another end, or it would be the same file under another name.
    (tmp_path / "b.csv").write_text(f"{EASY}\n")
    assert len(list(ts.read(tmp_path))) == 8


def test_the_board_of_the_samples_has_its_true_counts(samples):
    cards, report = read_all(samples / "retro-csv/funretro-export-newVersion.csv")
    assert Counter(card.section for card in cards) == {"start": 4, "progress": 3, "finished": 3}
    assert not [card.text for card in cards if "(+" in card.text]
    assert report.files[0].details == {"columns": 3, "rows": 5, "filled cells": 10}
    assert [card.votes for card in cards if card.votes] == [2]


# Azure DevOps


@pytest.mark.parametrize(
    "text", [AZURE, "\ufeff" + AZURE.replace("\n", "\r\n"), AZURE_SAVED, AZURE_SAVED.replace(";", "\t")]
)
def test_dialects_of_azure_are_read_alike(folder, text):
    found, report = read_text(folder, text)
    assert [(m.section, m.text, m.votes, m.author, f"{m.timestamp:%F %R}") for m in found] == [
        ('Went "really" well', 'We said "no", and it was "fine"', 3, "Ana Ruiz", "2026-03-13 10:00"),
        ("To improve", 'First line\nand, "second"', 0, None, "2026-03-13 11:30"),
    ]
    assert {m.channel for m in found} == {"Sprint 12"}
    assert report.skipped == {"heading": 3, "work item": 1}
    assert (report.problems, report.files[0].details["tables"]) == ((), 2)


def test_an_item_of_azure_that_never_ends_does_not_stop_the_next(folder):
    broken = AZURE.replace(',0,Fri Mar 13 2026 12:30:00 GMT+0100 (Central European Time),"undefined"', "")
    whole = '"To improve","Third",1,2026-03-13T10:00:00.000Z,"Bo"\n'
    found, report = read_text(folder, broken.replace("\n\n\nWork", f"\n{whole}\n\nWork"))
    assert [m.text for m in found] == ['We said "no", and it was "fine"', "Third"]
    [problem] = report.problems
    assert str(problem) == (
        f'{folder / "retro.csv"}, line 7: is no feedback item; write it as "column","text",votes,date,"name"'
    )


def test_damage_to_an_item_of_azure_is_never_mixed_with_the_next_one(folder):
    endless = '"To improve","Lost\n' + "and lost\n" * 2_000
    found, report = read_text(folder, AZURE.replace('"To improve"', f'{endless}"To improve"'))
    assert [m.text for m in found] == ['We said "no", and it was "fine"', 'First line\nand, "second"']
    assert [p.place for p in report.problems] == ["line 7"]


def test_the_title_of_older_azure_files_is_known(folder):
    text = AZURE.replace("\"Retrospectives Summary for 'Sprint 12'", 'Retrospectives Summary for "Sprint 12"')
    found, _ = read_text(folder, text.replace('boardId=2)"', "boardId=2)"))
    assert {m.channel for m in found} == {"Sprint 12"}


def test_the_mail_of_azure_is_read_as_text(folder):
    text = (
        "Retrospectives Summary\n\nRetrospective: Sprint 12\n\nWent well:\n - Pairing [3 votes]\n"
        "\t- Grouped feedback items:\n\t\t- Talking [0 votes]\n\nTo improve:\n - No items\n\n"
        "Work items:\n - Write it down [Task #1]: https://example.org\n\nLink to retrospective:\nhttps://example.org\n"
    )
    found, report = read_text(folder, text, "mail.txt")
    assert [(m.section, m.text, m.votes, m.channel) for m in found] == [
        ("Went well", "Pairing", 3, "Sprint 12"),
        ("Went well", "Talking", 0, "Sprint 12"),
    ]
    assert report.skipped["work item"] == 1


# Other boards


@pytest.mark.parametrize(
    "text", [LONG, LONG.replace(",", ";"), LONG.replace("Idea", "Card").replace("Column", "Category")]
)
def test_a_row_for_each_card(folder, text):
    found, report = read_text(folder, text)
    assert [(m.kind, m.section, m.text, m.votes, m.author) for m in found] == [
        ("card", "Went well", "Pairing", 2, "Ana"),
        ("card", "To improve", "Late answers", 0, "Bo"),
        ("action_item", "Action items", "Ask legal", 1, "Ana"),
    ]
    assert report.files[0].format == "retro-board"


def test_a_bad_date_is_quarantined_and_the_others_are_read(folder):
    found, report = read_text(folder, LONG.replace("Bo,2026-03-13", "Bo,2026-13-13"))
    assert [m.text for m in found] == ["Pairing", "Ask legal"]
    assert [str(p) for p in report.problems] == [
        f"{folder / 'retro.csv'}, line 3: '2026-13-13' is not a date; write dates as 2026-03-31"
    ]


def test_a_table_without_cards_says_so(folder):
    with pytest.raises(InputError, match="holds no cards; export the board again"):
        read_text(folder, "Start,Stop\n", format="retro-board")


@pytest.mark.parametrize(
    ("text", "format_"),
    [
        (PARABOL, "retro-board"),
        (EASY, "retro-board"),
        (EASY_TEXT, "retro-board"),
        (AZURE, "retro-board"),
        (AZURE_SAVED, "retro-board"),
        (LONG, "retro-board"),
        ("Mad,Sad,Glad\na,b,c\n", "retro-board"),
        ("Was lief gut?,Was verbessern wir?\na,b\n", "retro-board"),
        ("Mine (custom),Theirs (custom)\na (+1),b\n", "table"),
        ("name,yesterday,today\nAna,a,b\n", "standups"),
        ("date,author,text\n2026-03-13,Ana,We stop\n", "table"),
        ("Question,Answer,Author\nWhy,So,Ana\n", "standups"),
        ("# Retro\n\n## Went well\n- Pairing (+2)\n- Talking (+1)\n", "notes"),
        ("We met.\n- one\n- two\n", "notes"),
        (json.dumps({"type": "a", "content": "b", "votes": 1, "title": "c"}) + "\n", "table"),
    ],
)
def test_which_files_are_boards(tmp_path, text, format_):
    assert sniff(write(tmp_path / ("a.txt" if text[:2] in ("# ", "We") else "a.csv"), text))[0] == format_


@pytest.mark.parametrize("name", VALID)
def test_damaged_exports_never_crash(folder, name):
    damage_never_crashes(folder / name, VALID[name])
    damage_never_crashes(folder / name, VALID[name], format=boards.NAME)
