from __future__ import annotations

import re
import time

import pytest
from exports import read_all, write
from hypothesis import given, settings
from hypothesis import strategies as st

import textsignals as ts


def read_text(tmp_path, text, name="2026-03-13-retro.md"):
    return read_all(write(tmp_path / name, text))


def test_bullets_and_paragraphs_are_messages_under_their_headings(tmp_path):
    text = "# Retro\n\nWe met late.\n\n## Went well\n\n- Pairing helped\n  - even on Friday\n\n"
    text += "## To improve\n\n1. Fewer gates\n"
    found, report = read_text(tmp_path, text)
    assert [(m.text, m.section, m.locator) for m in found] == [
        ("We met late.", "Retro", "line 3"),
        ("Pairing helped", "Retro > Went well", "line 7"),
        ("even on Friday", "Retro > Went well", "line 8"),
        ("Fewer gates", "Retro > To improve", "line 12"),
    ]
    assert {m.channel for m in found} == {"Retro"}
    assert report.skipped == {"heading": 3}


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("```\ncode of ours\n```", "code block"),
        ("~~~ python\nmore code of ours\n~~~", "code block"),
        ("> what others said", "quote"),
        ("---\n\n- https://example.org/only/a/link", "empty"),
        ("Attendees: Ana, Bo", "attendance"),
        ("## Present\n\n- Ana\n- Bo", "attendance"),
        ("## Attendance\n\n- [x] Ana of the department of very long names of working groups", "attendance"),
        ("- @ana, @bo", "attendance"),
        ("Scribe: Ana", "label"),
    ],
)
def test_what_is_no_sentence_of_the_team_is_skipped_with_its_reason(tmp_path, block, reason):
    found, report = read_text(tmp_path, f"- We agreed\n\n{block}\n")
    assert [m.text for m in found] == ["We agreed"]
    assert reason in report.skipped
    assert report.read == 1 + sum(report.skipped.values())


def test_sentences_below_the_names_of_those_present_stay(tmp_path):
    found, _ = read_text(tmp_path, "## Present\n\n- Ana\n\nWe spent the whole hour on who may sign off the budget.\n")
    assert [m.text for m in found] == ["We spent the whole hour on who may sign off the budget."]


def test_ticked_and_open_tasks_are_action_items_without_their_box(tmp_path):
    found, _ = read_text(tmp_path, "## Actions\n\n- [ ] Ana asks legal\n- [x] Bo asked\n- plain\n")
    assert [(m.kind, m.text) for m in found] == [
        ("action_item", "Ana asks legal"),
        ("action_item", "Bo asked"),
        ("note", "plain"),
    ]


def test_marks_and_links_become_plain_text(tmp_path):
    found, _ = read_text(tmp_path, "We **really** like [the page](https://example.org) and `code`.\n")
    assert [m.text for m in found] == ["We really like the page and code."]


def test_a_wrapped_line_goes_on_and_a_short_one_ends(tmp_path):
    wrapped = (
        "We had agreed to hand the labels over to the night shift on\nThursday.\nNobody came\nThe gate stayed shut\n"
    )
    found, _ = read_text(tmp_path, wrapped)
    told = "We had agreed to hand the labels over to the night shift on Thursday.\nNobody came\nThe gate stayed shut"
    assert [m.text for m in found] == [told]


def test_names_before_a_colon_are_speakers_only_where_they_come_again(tmp_path):
    found, _ = read_text(
        tmp_path,
        "Ana: We wait.\n\nBo: Me too.\n\nAna: Still.\n\nBo: Yes.\n\nProblem: nobody decides.\n\n- Ana: sign off\n",
    )
    assert [(m.author, m.text) for m in found] == [
        ("Ana", "We wait."),
        ("Bo", "Me too."),
        ("Ana", "Still."),
        ("Bo", "Yes."),
        (None, "Problem: nobody decides."),
        (None, "Ana: sign off"),
    ]


def test_one_word_before_a_colon_however_often_is_a_label(tmp_path):
    found, _ = read_text(tmp_path, "Action: ask legal.\n\nAction: call Bo.\n")
    assert [(m.author, m.text) for m in found] == [(None, "Action: ask legal."), (None, "Action: call Bo.")]


@pytest.mark.parametrize(
    ("name", "text", "day", "source"),
    [
        ("2026-03-13.md", "# Retro\n\n- We met\n", "2026-03-13", "filename"),
        ("retro.md", "# Weekly sync, Oct 21, 2025\n\n- We met\n", "2025-10-21", "heading"),
        ("retro.md", "# Retro of 21st October 2025\n\n- We met\n", "2025-10-21", "heading"),
        ("retro.md", "---\ndate: 2025-10-21\n---\n\n- We met\n", "2025-10-21", "document"),
        # A heading inside a file knows better than the name of the file.
        ("2026-03-13.md", "# 2026-02-27\n\n- We met\n", "2026-02-27", "heading"),
        ("retro.md", "# Retro of 2025-02-31\n\n- We met\n", None, "none"),
    ],
)
def test_the_date_comes_from_heading_name_or_front_matter(tmp_path, name, text, day, source):
    [found], report = read_text(tmp_path, text, name)
    assert (found.timestamp and f"{found.timestamp:%Y-%m-%d}") == day
    assert (found.time_source, found.time_precision) == (source, "day" if day else "none")
    undated = ("no date: neither the file name nor a heading holds one (such as 2026-02-19)",)
    assert report.assumptions == (() if day else undated)


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("2099-01-01.md", "- We met\n", "line 1: the date 2099-01-01 is in the future"),
        ("notes.md", "# Minutes of 1 May 1985\n\n- We met\n", "line 3: the date 1985-05-01 is before 1990"),
    ],
)
def test_a_date_that_cannot_be_is_quarantined(tmp_path, name, text, problem):
    found, report = read_text(tmp_path, text, name)
    assert found == []
    assert [str(p) for p in report.problems] == [f"{tmp_path / name}, {problem}; mend the date in the name or heading"]


def test_a_line_of_broken_utf8_is_quarantined_and_the_others_are_read(tmp_path):
    text = "- It’s agreed – café\n- ".encode() + b"bro\xffken\n- still here\n"
    found, report = read_text(tmp_path, text)
    assert [m.text for m in found] == ["It’s agreed – café", "still here"]
    assert [str(p) for p in report.problems] == [
        f"{tmp_path / '2026-03-13-retro.md'}, line 2: holds bytes that are not text; save the file as UTF-8"
    ]
    assert (report.read, report.yielded, report.quarantined) == (3, 2, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_all_usual_encodings_give_the_same_text(tmp_path, encoding):
    found, report = read_text(tmp_path, "- We don’t wait – café\n".encode(encoding))
    assert [m.text for m in found] == ["We don’t wait – café"]
    assert report.problems == ()
    assert report.assumptions == (("encoding: Windows-1252",) if encoding == "cp1252" else ())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.from_regex(r"[a-z]{2,8}( [a-z]{2,8}){1,6}", fullmatch=True), min_size=1, max_size=15))
def test_every_bullet_is_read_once_with_all_its_words(folder, bullets):
    path = write(folder / "2026-03-13.md", "# Retro\n\n" + "".join(f"- so {bullet}\n" for bullet in bullets))
    reading = ts.read(path)
    assert [m.text for m in reading] == [f"so {bullet}" for bullet in bullets]
    assert reading.report.read == len(bullets) + 1


def test_the_sample_notes_are_read_without_loss(root):
    files = sorted((root / "corpora/sample").rglob("*.md"))
    assert files
    for file in files:
        reading = ts.read(file)
        bullets = [m.text for m in reading]
        assert reading.report.problems == ()
        assert len(bullets) >= len(re.findall(r"^- (?!\[?[x ]?\]?\s*@)", file.read_text("utf-8"), re.M)) > 0


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_date_anywhere_in_the_front_matter_is_found(tmp_path, end):
    lines = ["---", *(f"key{i}: value" for i in range(12)), "date: 2026-03-02", "---", "# Sync", "", "We wait.", ""]
    [found] = ts.read(write(tmp_path / "sync.md", end.join(lines)))
    assert (f"{found.timestamp:%F}", found.time_source, found.locator) == ("2026-03-02", "document", "line 18")


def test_deep_lists_are_read_to_the_bottom(tmp_path):
    path = write(tmp_path / "deep.md", "".join("  " * i + f"- We wait {i}\n" for i in range(30)))
    assert len(list(ts.read(path))) == 30


def test_a_word_that_begins_like_a_month_is_no_date(tmp_path):
    [found] = ts.read(write(tmp_path / "log.md", "# Decision 5, 2024\n\nWe wait.\n"))
    assert found.timestamp is None


@pytest.mark.parametrize(
    ("name", "text", "order", "day", "source"),
    [
        # Six digits are a date only where nothing else is one.
        ("111222-sync.md", "- We met\n", None, "2022-11-12", "filename"),
        ("111222-sync.md", "# Sync of 2025-10-21\n\n- We met\n", None, "2025-10-21", "heading"),
        ("111222-sync.md", "Date: 21 October 2025\n\n- We met\n", None, "2025-10-21", "document"),
        ("251022-sync.md", "- We met\n", None, "2025-10-22", "filename"),
        ("111222-sync.md", "- We met\n", "ymd", "2011-12-22", "filename"),
        ("1234567-ticket.md", "- We met\n", None, None, "none"),
        ("sync.md", "Period: 2026-02-16 → 2026-02-20\n\n- We met\n", None, "2026-02-16", "document"),
        ("sync.md", "# Sync\n\nCreated: February 16, 2026 10:12 AM\n\n- We met\n", None, "2026-02-16", "document"),
        ("sync.md", "# Sync\n\nMonday, 16 February 2026\n\n- We met\n", None, "2026-02-16", "document"),
        ("Sync 16 February 2026.md", "- We met\n", None, "2026-02-16", "filename"),
        ("sync.md", "# Sync 16.2.2026\n\n- We met\n", None, "2026-02-16", "heading"),
        ("sync.md", "# Sync 2/16/2026\n\n- We met\n", None, "2026-02-16", "heading"),
        ("sync.md", "# Sync 2/3/2026\n\n- We met\n", "dmy", "2026-03-02", "heading"),
        ("sync.md", "# Sync 2/3/2026\n\n- We met\n", "mdy", "2026-02-03", "heading"),
        ("sync.md", "# Sync 2/3/2026\n\n- We met\n", None, None, "none"),
        ("2019-10-21/20191021deadbeef20191021deadbeef.md", "- We met\n", None, "2019-10-21", "filename"),
        # The innermost heading, and a plan is no date of the notes.
        ("all.md", "# Since 2020-01-01\n\n## 2026-03-02\n\n- We met\n", None, "2026-03-02", "heading"),
        ("2026-03-13.md", "# Plan for 2099-01-01\n\n- We met\n", None, "2026-03-13", "filename"),
    ],
)
def test_dates_in_all_the_places_where_notes_have_them(tmp_path, name, text, order, day, source):
    path = write(tmp_path / name, text)
    [found] = ts.read(tmp_path, date_order=order) if "/" in name else ts.read(path, date_order=order)
    assert (found.timestamp and f"{found.timestamp:%F}", found.time_source) == (day, source)


def test_days_that_can_be_read_two_ways_are_said_to_be_open(tmp_path):
    _, report = read_text(tmp_path, "# Sync 2/3/2026\n\n- We met\n", "sync.md")
    assert "days such as 05/08/2026 can be read two ways and were not used: give --date-order" in report.assumptions


def test_one_heading_decides_the_order_of_all(tmp_path):
    found, report = read_text(tmp_path, "# 2/3/2026\n\n- One\n\n# 16/3/2026\n\n- Two\n", "sync.md")
    assert [f"{m.timestamp:%F}" for m in found] == ["2026-03-02", "2026-03-16"]
    assert report.assumptions == ("dates with numbers: day first",)


STANDUP = """# Stand-up

Present:
- Ana Silva
- Bo de Vries (Legal)

## Updates

@cleo
- Labels are out
  - all of them

- Ana Silva
  - Waits for legal
- **Bo**: nothing new here
- Ana: me neither
- @dora: I wait as well
- Problem: nobody decides

### Ana

We wait.

## Action items

- Ana: asks legal
"""


def test_who_says_what_in_lists_is_told_by_handles_and_by_the_names_of_those_present(tmp_path):
    found, report = read_text(tmp_path, STANDUP)
    assert [(m.author, m.text, m.section) for m in found] == [
        ("cleo", "Labels are out", "Stand-up > Updates"),
        ("cleo", "all of them", "Stand-up > Updates"),
        ("Ana Silva", "Waits for legal", "Stand-up > Updates"),
        ("Bo", "nothing new here", "Stand-up > Updates"),
        ("Ana", "me neither", "Stand-up > Updates"),
        ("dora", "I wait as well", "Stand-up > Updates"),
        (None, "Problem: nobody decides", "Stand-up > Updates"),
        ("Ana", "We wait.", "Stand-up > Updates > Ana"),
        (None, "Ana: asks legal", "Stand-up > Action items"),
    ]
    assert report.skipped == {"heading": 4, "attendance": 4, "label": 1}


def test_bold_names_are_speakers_where_several_come_again(tmp_path):
    told = "- **Ana Silva** We wait.\n- **Élodie** – me too\n- **Ana Silva**: still\n- **Élodie**\n  yes\n"
    told += "- **Important:** ask\n"
    found, _ = read_text(tmp_path, told)
    assert [(m.author, m.text) for m in found] == [
        ("Ana Silva", "We wait."),
        ("Élodie", "me too"),
        ("Ana Silva", "still"),
        ("Élodie", "yes"),
        (None, "Important: ask"),
    ]


def test_labels_above_a_list_name_its_section(tmp_path):
    found, report = read_text(
        tmp_path, "# Ana\n\n- Done:\n  - labels\n- Blocked:\n  - by legal\n    - for weeks\n- Calm\n"
    )
    assert [(m.text, m.section) for m in found] == [
        ("labels", "Ana > Done"),
        ("by legal", "Ana > Blocked"),
        ("for weeks", "Ana > Blocked"),
        ("Calm", "Ana"),
    ]
    assert report.skipped == {"heading": 1, "label": 2}


def test_tables_are_read_cell_by_cell_under_their_columns(tmp_path):
    rows = ["| Who | Went well | To improve |", "|---|---|---|"]
    rows += ["| Ana | Pairing<br>and calm | [Gates](https://e.org) |", "| Bo | | |"]
    found, report = read_text(tmp_path, "\n".join(["# Retro", "", *rows, ""]))
    assert [(m.kind, m.author, m.section, m.text, m.locator) for m in found] == [
        ("note", "Ana", "Retro > Went well", "Pairing\nand calm", "line 5"),
        ("note", "Ana", "Retro > To improve", "Gates", "line 5"),
    ]
    assert report.skipped == {"heading": 4, "label": 2}


def test_tables_of_those_present_are_attendance_and_those_of_tasks_are_action_items(tmp_path):
    text = "| Name | Role |\n|---|---|\n| Ana | Lead |\n\n"
    text += "| Action | Owner | Due |\n|---|---|---|\n| Ask legal | Ana | soon |\n"
    found, report = read_text(tmp_path, text)
    assert [(m.kind, m.author, m.text) for m in found] == [("action_item", None, "Ask legal")]
    assert report.skipped == {"heading": 5, "attendance": 2, "label": 2}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Date: 2026-03-13\nScribe: Ana\nWe waited for an hour.\n", ["We waited for an hour."]),
        ("Attendees:\nAna Silva\nBo de Vries\n\nWe wait.\n", ["We wait."]),
        ("Present problems are the gate and the labels.\n", ["Present problems are the gate and the labels."]),
        ("## Present problems\n\n- The gate\n", ["The gate"]),
        ("Apologies for the late notes, we waited.\n", ["Apologies for the late notes, we waited."]),
        ("ACTION: Bo asks legal\n", ["ACTION: Bo asks legal"]),
        ("• The gate\n• The labels\n", ["The gate", "The labels"]),
        ("-\u00a0The\u00a0gate\n-\u00a0The \u200blabels\n", ["The gate", "The labels"]),
        ("1) The gate\n2) The labels\n", ["The gate", "The labels"]),
        ("<details>\n<summary>More</summary>\nWe wait &amp; wait\n</details>\n", ["More\nWe wait & wait"]),
        ("See [[Payments/Gate|the gate]] and [[Labels]]\n", ["See the gate and Labels"]),
        ("We ~~never~~ wait<br>here\n", ["We never wait\nhere"]),
        ("Look at ![a gate](gate.png) it\n\n![](data:image/png;base64,AAAA)\n", ["Look at  it"]),
        ("---\ntitle: Sync\n---\n\n- We wait\n", ["We wait"]),
    ],
)
def test_what_notes_say_is_kept_and_what_stands_around_it_is_not(tmp_path, text, kept):
    found, _ = read_text(tmp_path, text)
    assert [m.text for m in found] == kept


def test_in_plain_text_a_line_set_in_is_no_code_and_angle_brackets_are_text(tmp_path):
    found, report = read_text(tmp_path, "Notes\n\n    The gate <again>\n\n<b>We wait\n", "2026-03-13.txt")
    assert [m.text for m in found] == ["Notes", "The gate <again>", "<b>We wait"]
    assert report.skipped == {}


def test_the_title_is_the_heading_then_the_front_matter_then_the_name(tmp_path):
    for text, title in [
        ("# Sync\n\nWe wait.\n", "Sync"),
        ("---\ntitle: 'Sync of us'\n---\n" + "We wait for a very long time, " * 5, "Sync of us"),
        ("We wait for a very long time, " * 5, "retro"),
    ]:
        [found], _ = read_text(tmp_path, text, "retro.md")
        assert found.channel == title


def test_lines_of_several_speakers_in_one_paragraph_are_told_apart(tmp_path):
    text = "Present: Ana Silva, Bo de Vries\n\n2. Budget\n   Bo: We are over it.\n   Ana: As planned.\n\n"
    text += "- Ana - still calm\n- Bo\n"
    found, _ = read_text(tmp_path, text, "2026-03-13.txt")
    assert [(m.author, m.text) for m in found] == [
        (None, "Budget"),
        ("Bo", "We are over it."),
        ("Ana", "As planned."),
        ("Ana", "still calm"),
    ]


def test_brackets_in_brackets_are_no_links_and_take_no_minutes(tmp_path):
    start = time.process_time()
    found, report = read_text(tmp_path, "[" * 50_000 + "\n\nWe wait.\n\n" + "[Ana [" * 30 + "asks\n")
    assert time.process_time() - start < 2
    assert [m.text for m in found] == ["We wait.", "[Ana [" * 30 + "asks"]
    assert report.skipped == {"empty": 1}
