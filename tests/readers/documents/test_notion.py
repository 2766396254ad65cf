from __future__ import annotations

import pytest
from damage import MANY, damaged, read_anyway
from exports import read_all, write, write_folder, write_zip, zipped
from hypothesis import given
from hypothesis import strategies as st

import textsignals as ts
from textsignals.readers import sniff

A, B, C, D = ("7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d", "0" * 31 + "b", "c" * 32, "20191021deadbeef20191021deadbeef")

PAGE = """# Retro of the gate

Category: Retro
Period: 2026-03-13 → 2026-03-14
Author: Ana Silva
Mood: fine

## Went well

- Pairing helped us
- [ ] Bo asks legal
"""
TABLE_ALL = (
    "Name,Created,Created by,Status,Summary\n"
    'Retro of the gate,"March 13, 2026 10:00 AM",Ana Silva,Done,"We talked about the gate for an hour, as usual."\n'
    '"Nobody decides, and we wait","March 14, 2026",Bo Vries,To improve,\n'
    ",,,,\n"
)
HTML = f"""<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>
<title>Sync</title></head><body>
<article id="{B}" class="page sans"><header><h1 class="page-title">Sync</h1><p class="page-description"></p>
<table class="properties"><tbody><tr class="property-row property-row-date"><th><span>Date</span></th>
<td><time>@March 13, 2026</time></td></tr><tr class="property-row property-row-text"><th>Outcome</th>
<td>We agreed to wait for one more week and then to open the gate.</td></tr></tbody></table></header>
<div class="page-body"><p>We wait.</p><figure class="link-to-page"><a href="x.html">Other</a></figure>
<ul class="to-do-list"><li><div class="checkbox checkbox-on"></div> <span class="to-do-children-checked">Bo asks</span>
<div class="indented"></div></li></ul></div></article></body></html>"""
EXPORT = {
    f"Team home {C}.md": "# Team home\n\nWe like it here.\n",
    f"Team home/Notes {D}.csv": "Name,Created\n",
    f"Team home/Notes {D}_all.csv": TABLE_ALL,
    f"Team home/Notes/Retro of the gate {A}.md": PAGE,
    f"Team home/Notes/Sync {B}.html": HTML,
    "Team home/Notes/Retro of the gate/gate.png": b"\x89PNG\r\n",
}


VALID = {"Export-1.zip": zipped(EXPORT)}
SECTION = "Retro of the gate > Went well"
EXPECTED = {
    ("note", "We like it here.", "Team home", "Team home", None, None, "none"),
    ("note", "Pairing helped us", SECTION, "Retro of the gate", None, "2026-03-13", "document"),
    ("action_item", "Bo asks legal", SECTION, "Retro of the gate", None, "2026-03-13", "document"),
    (
        "note",
        "We talked about the gate for an hour, as usual.",
        "Summary",
        "Notes",
        "Ana Silva",
        "2026-03-13",
        "record",
    ),
    ("card", "Nobody decides, and we wait", "To improve", "Notes", "Bo Vries", "2026-03-14", "record"),
    (
        "note",
        "We agreed to wait for one more week and then to open the gate.",
        "Outcome",
        "Sync",
        None,
        "2026-03-13",
        "document",
    ),
    ("note", "We wait.", "Sync", "Sync", None, "2026-03-13", "document"),
    ("action_item", "Bo asks", "Sync", "Sync", None, "2026-03-13", "document"),
}


def told(messages):
    return {
        (m.kind, m.text, m.section, m.channel, m.author, m.timestamp and f"{m.timestamp:%F}", m.time_source)
        for m in messages
    }


def as_zip(tmp_path):
    return write(tmp_path / "Export-1.zip", VALID["Export-1.zip"])


def as_folder(tmp_path):
    return write_folder(tmp_path / "export", EXPORT)


def as_parts(tmp_path):
    return write_zip(tmp_path / "ExportBlock-1.zip", {"ExportBlock-1-Part-1.zip": VALID["Export-1.zip"]})


def as_wrapped_folder(tmp_path):
    return write_zip(tmp_path / "Export.zip", {f"Export-1/{name}": data for name, data in EXPORT.items()})


@pytest.mark.parametrize("dialect", [as_zip, as_folder, as_parts, as_wrapped_folder])
def test_pages_and_tables_are_read_together(tmp_path, dialect):
    found, report = read_all(dialect(tmp_path))
    assert told(found) == EXPECTED
    assert len(found) == len(EXPECTED)
    assert report.skipped == {
        "heading": 5,
        "label": 2,
        "attachment": 1,
        "navigation": 1,
        "view of a table": 1,
    }
    [file] = [file for file in report.files if file.format]
    assert (file.format, file.details["pages"], file.details["databases"]) == ("notion", 3, 1)
    assert len({m.id for m in found}) == len(found)


def test_the_same_page_in_two_exports_is_read_once(tmp_path):
    data = zipped({"Part-1.zip": VALID["Export-1.zip"], "Part-2.zip": VALID["Export-1.zip"]})
    reading = ts.read(write(tmp_path / "both.zip", data))
    assert len(list(reading)) == len(EXPECTED)
    assert reading.report.skipped["duplicate"] == len(EXPECTED)


def test_a_page_alone_has_its_title_without_id_and_no_date_from_it(tmp_path):
    [found] = ts.read(write(tmp_path / f"Sync of us {D}.md", "- We wait\n"))
    assert (found.channel, found.timestamp, found.source) == ("Sync of us", None, "notion")


def test_texts_in_most_pages_of_a_folder_are_their_template(tmp_path):
    pages = {f"Notes/Retro {i} {i:032x}.md": f"# Retro {i}\n\n- How did we feel?\n- We wait {i}\n" for i in range(4)}
    path = tmp_path / "Export.zip"
    write_zip(path, pages)
    reading = ts.read(path)
    assert sorted(m.text for m in reading) == [f"We wait {i}" for i in range(4)]
    assert reading.report.skipped["template"] == 4


def test_a_page_that_cannot_be_read_stops_no_other(tmp_path):
    path = tmp_path / "Export.zip"
    write_zip(path, {f"Bad {A}.md": b"We\x00wait", f"Good {B}.md": "- We wait\n"})
    reading = ts.read(path)
    assert [m.text for m in reading] == ["We wait"]
    assert [str(p) for p in reading.report.problems] == [
        f"{path}!Bad {A}.md: is not text (zero byte at 2); give the exported file itself"
    ]


@pytest.mark.parametrize(
    ("names", "format_"),
    [
        ([f"Retro {A}.md"], "notion"),
        ([f"Retro {A}.md", "Retro/picture.png", "index.html"], "notion"),
        ([f"Retro {A}.md", "general/2026-03-13.json", "users.json"], "slack"),
        (["notes.md", "more.md"], ""),
    ],
)
def test_a_folder_is_claimed_only_if_all_of_it_is_the_export(tmp_path, names, format_):
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("- We wait")
    assert sniff(tmp_path)[0] == format_


@MANY
@given(st.sampled_from([name for name in EXPORT if not name.endswith("png")]), st.data())
def test_damaged_exports_never_crash(folder, name, data):
    files = EXPORT | {name: data.draw(damaged(EXPORT[name].encode()))}
    read_anyway(write_zip(folder / "damaged.zip", files))


def test_the_samples_are_read_to_the_last_bullet(samples):
    reading = ts.read(samples / "notion")
    found = list(reading)
    # Two notes: 7 and 9 bullets or numbers that are no names; one row of the table has no page of its own.
    alpha = [m for m in found if m.channel == "Meeting Notes Alpha"]
    retro = [m for m in found if m.channel == "Sprint Retrospective"]
    assert (len(alpha), len(retro)) == (6, 9)
    assert {f"{m.timestamp:%F}" for m in alpha} == {"2025-01-10"}
    assert [(m.text, m.author, m.section) for m in found if m.kind == "card"] == [
        ("Design Review Beta", "Bob Smith", "Review")
    ]
    report = reading.report
    # 106: 14 + 14 of the notes, 3 rows, 1 view, 5 of the comments page, 69 of the page with one block of each sort.
    assert (report.read, report.yielded, report.quarantined) == (106, 77, 0)
    assert report.skipped["view of a table"] == 1
    assert {m.channel for m in found} == {
        "Meeting Notes Alpha",
        "Sprint Retrospective",
        "Notes",
        "basic blocks",
        "comments",
    }
