"""What the readers say of real exports, against the true counts that were worked out without them."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from exports import read_all

import textsignals as ts
from textsignals.cli import main
from textsignals.errors import InputError
from textsignals.records import ReadReport

SLACK_ZIPS = [
    "slack/houstondatavis-export-a.zip",
    "slack/slack-export-viewer-testarchive.zip",
    "slack/slackdump-source_export.zip",
]
SLACK = [*SLACK_ZIPS, "slack/perceval-slack_history.json", "slack/slackdump-bot_message.json"]
NOTES = [
    "markdown/2017-03-24--docs-sprint-retrospective.md",
    "markdown/2017-03-29--in-web-browsers-standup.md",
    "markdown/2019-05-08--gui-and-in-web-browsers-weekly.md",
    "markdown/2019-10-21--core-implementations-weekly.md",
    "markdown/R_Sub_11-04-22_Minutes.md",
    "markdown/aswf-tac-2026-08-05.md",
    "markdown/nodejs-2015-05-07.md",
]
TRANSCRIPTS = [
    "vtt-zoom/acdc-2026-02-19_175-transcript.vtt",
    "vtt-zoom/acdc-2026-03-19_176-transcript.vtt",
    "vtt-zoom/acdc-2026-06-25_181-transcript.vtt",
    "vtt-teams/example-transcript.vtt",
    "vtt-edge/captions_with_bom.vtt",
    "vtt-edge/comments.vtt",
    "vtt-edge/cue_tags.vtt",
    "vtt-edge/invalid_timeframe.vtt",
    "vtt-edge/missing_timeframe.vtt",
    "vtt-edge/sample.vtt",
    "vtt-edge/using_identifiers.vtt",
    "vtt-edge/youtube_dl.vtt",
]
TABLES = ["standup-csv/standup.csv", "retro-csv/funretro-export-newVersion.csv"]
ALL = [*SLACK, *NOTES, *TRANSCRIPTS, *TABLES]

# Software writes all other subtypes; under these stand people's own words.
WORDS_OF_PEOPLE = {None, "file_share", "file_comment", "thread_broadcast", "me_message"}


@pytest.fixture(scope="module")
def truth(samples) -> dict[str, str]:
    """The sentence with the true counts, by file."""
    return {entry["file"]: entry["count"] for entry in json.loads((samples / "manifest.json").read_text("utf-8"))}


@pytest.fixture(scope="module")
def told(samples) -> dict[str, dict]:
    """What `textsignals read --json` says of every file, by file."""
    result = CliRunner().invoke(main, ["read", "--json", *(str(samples / file) for file in ALL)])
    # Two of the transcripts are damaged on purpose.
    assert result.exit_code == 1
    return dict(zip(ALL, json.loads(result.stdout), strict=True))


def number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found, f"{pattern} is not in: {text}"
    return int(found.group(1))


def pairs(text: str) -> dict[str, int]:
    """ "general 476, tools 83" as a dictionary."""
    return {name: int(n) for name, n in re.findall(r"([^,]+?) (\d+)(?:, |$)", text)}


def test_every_file_of_these_folders_is_compared(samples):
    folders = {Path(file).parent.name for file in ALL}
    assert sorted(ALL) == sorted(p.relative_to(samples).as_posix() for f in folders for p in (samples / f).iterdir())


def test_the_table_for_people_and_the_one_for_programs_agree(samples, truth):
    table = (samples / "README.md").read_text("utf-8").replace("\\|", "|")
    assert not [file for file in ALL if truth[file] not in table]


@pytest.mark.parametrize("file", ALL)
def test_command_and_library_give_one_account_whose_identity_holds(samples, told, file):
    reading = ts.read(samples / file)
    yielded = sum(1 for _ in reading)
    report, account = reading.report, told[file]
    assert report.yielded == yielded
    assert report.read == report.yielded + sum(report.skipped.values()) + report.quarantined
    keys = ("read", "yielded", "skipped", "quarantined")
    assert {key: account[key] for key in keys} == {key: getattr(report, key) for key in keys}
    [entry] = account["files"]
    [counted] = report.files
    assert entry["details"] == counted.details
    assert [problem["place"] for problem in account["problems"]] == [problem.place for problem in report.problems]


def true_slack_counts(said: str) -> dict[str, int]:
    sorts = pairs(re.search(r"records? \(([^)]*)\)", said).group(1))
    expected = {"plain" if sort == "plain" else f"subtype {sort}": n for sort, n in sorts.items()}
    expected["edited"] = number(r"(\d+) edited", said)
    expected["thread replies"] = number(r"(\d+) thread replies", said)
    expected["by applications"] = number(r"(\d+) bot(?:;|$)", said)
    if "zip entries" in said:
        expected["entries"] = number(r"(\d+) zip entries", said)
        expected["users"] = number(r"users\.json (\d+)", said)
        expected["channels"] = number(r"channels\.json (\d+)", said)
        folders = re.search(r"per folder: ([^;]*);", said).group(1)
        expected |= {f"{folder}/": n for folder, n in pairs(folders).items()}
    return expected


@pytest.mark.parametrize("file", SLACK)
def test_slack_entries_users_channels_folders_subtypes_edits_and_replies_are_the_true_ones(truth, told, file):
    [account] = told[file]["files"]
    # What else lies in the zip (canvases, logs of applications) is only counted; the samples' table does not list it.
    details = {key: n for key, n in account["details"].items() if key != "other files"}
    assert details == true_slack_counts(truth[file])
    assert account["read"] == number(r"(\d+) records", truth[file])
    assert account["quarantined"] == 0


def slack_records(path: Path) -> list[dict]:
    if path.suffix == ".json":
        data = json.loads(path.read_text("utf-8"))
        return data.get("messages", [data])
    with zipfile.ZipFile(path) as archive:
        days = [name for name in archive.namelist() if re.search(r"/\d{4}-\d\d-\d\d\.json$", name)]
        return [record for day in days for record in json.loads(archive.read(day))]


@pytest.mark.parametrize("file", SLACK)
def test_slack_people_with_words_are_yielded_and_nothing_else(samples, truth, file):
    records = slack_records(samples / file)
    plain = [r for r in records if not r.get("subtype") and r.get("text")]
    assert len(plain) == number(r"(\d+) plain with non-empty text", truth[file])
    # Plain records of applications exist (one in slackdump's export): not words of people, so skipped.
    # "X uploaded a file: Y" is a sentence of the software unless X says something about it.
    own = [r for r in records if r.get("subtype") in WORDS_OF_PEOPLE and r.get("text") and not r.get("bot_id")]
    own = [r for r in own if r.get("subtype") != "file_share" or "initial_comment" in r["file"]]
    assert Counter(r["ts"] for r in own) == Counter(m.id.rsplit(":", 1)[1] for m in ts.read(samples / file))


@pytest.mark.parametrize("file", SLACK)
def test_slack_every_record_is_there_once_with_its_user_and_time(samples, truth, file):
    messages = list(ts.read(samples / file, system=True))
    records = slack_records(samples / file)
    assert len({m.id for m in messages}) == len(messages) == len(records)
    assert {(m.channel, m.id.rsplit(":", 1)[1]) for m in messages} == {tuple(m.id.split(":")[1:]) for m in messages}
    user = {m.id.rsplit(":", 1)[1]: m.author_id for m in messages}
    users = {user[r["ts"]] for r in records if r.get("user")}
    assert len(users) == number(r"(\d+) distinct `user` ids", truth[file])
    on_plain = {user[r["ts"]] for r in records if r.get("user") and not r.get("subtype")}
    assert len(on_plain) == number(r"\((\d+) on plain records\)", truth[file])
    first, last = re.search(r"ts (\S+ \S+) \.\. (\S+ \S+) UTC", truth[file]).groups()
    times = sorted(m.timestamp for m in messages)
    assert [f"{t:%Y-%m-%d %H:%M:%S%z}" for t in (times[0], times[-1])] == [f"{first}+0000", f"{last}+0000"]


@pytest.mark.parametrize("file", SLACK)
def test_slack_mentions_are_names_and_no_markup_is_left(samples, file):
    path = samples / file
    known = {}
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            known = {user["id"]: user for user in json.loads(archive.read("users.json"))}
    # Old exports wrap a comment on a file in a sentence of the software, which is not part of the message.
    raw = {r["ts"]: "" if "comment" in r or "file" in r else r.get("text") or "" for r in slack_records(path)}
    for message in ts.read(path):
        assert not re.search(r"<[@#!][A-Z0-9]|<https?:|&(?:amp|lt|gt);", message.text)
        for id_ in re.findall(r"<@(\w+)", raw[message.id.rsplit(":", 1)[1]]):
            if id_ in known:
                profile = known[id_].get("profile", {})
                named = [profile.get("display_name"), profile.get("real_name"), known[id_].get("name")]
                assert any(f"@{name}" in message.text for name in named if name)
                assert id_ not in message.text


@pytest.mark.parametrize("file", NOTES)
def test_notes_lines_headings_bullets_and_words_are_the_true_ones(truth, told, file):
    [account] = told[file]["files"]
    said = truth[file]
    assert account["details"] == {
        "lines": number(r"(\d+) lines", said),
        "headings": number(r"(\d+) headings", said),
        "bullets": number(r"(\d+) bullet lines", said),
        "words": number(r"(\d+) words", said),
    }


@pytest.mark.parametrize("file", NOTES)
def test_notes_words_stand_in_the_file_at_or_below_the_line_they_are_said_to(samples, file):
    lines = (samples / file).read_text("utf-8").splitlines()
    messages = list(ts.read(samples / file))
    assert messages
    for message in messages:
        start = int(message.locator.removeprefix("line ")) - 1
        # Ten words are enough to tell the place; signs of markup may stand between and inside them.
        below = re.sub(r"[\W_]", "", "".join(lines[start:]))
        for word in re.findall(r"[^\W_]+", message.text)[:10]:
            assert word in below, (message.locator, message.text)


@pytest.mark.parametrize(
    ("file", "day"),
    [(file, re.search(r"\d{4}-\d\d-\d\d", file).group()) for file in NOTES if re.search(r"\d{4}-\d\d-\d\d", file)],
)
def test_notes_are_dated_by_their_names(samples, file, day):
    assert {f"{m.timestamp:%Y-%m-%d}" for m in ts.read(samples / file)} == {day}


def test_ticked_names_of_those_present_are_not_action_items(samples, truth):
    file = "markdown/aswf-tac-2026-08-05.md"
    reading = ts.read(samples / file)
    kinds = Counter(message.kind for message in reading)
    assert number(r"(\d+) task items", truth[file]) == 46
    # All 46 stand below headings such as "Voting members attendance".
    assert kinds["action_item"] == 0
    assert reading.report.skipped["attendance"] >= 46


@pytest.mark.parametrize("file", TRANSCRIPTS)
def test_transcripts_timing_lines_and_labels_are_the_true_ones(samples, truth, told, file):
    [account] = told[file]["files"]
    said = truth[file]
    labels = number(r"(\d+) labels", said)
    assert account["details"] == {"timing lines": number(r"(\d+) timing lines", said), "speakers": labels}
    turns, _ = read_all(samples / file)
    assert len({turn.author for turn in turns} - {None}) == labels
    named = re.search(r"labels \((.+?)\); first", said)
    if named:
        assert {turn.author for turn in turns} == set(pairs(named.group(1)))
    first = re.search(r"first start (?:(\d+):)?(\d+):([\d.]+)", said)
    hours, minutes, seconds = (float(part or 0) for part in first.groups())
    assert turns[0].meta["seconds"] == pytest.approx(hours * 3600 + minutes * 60 + seconds)


# One cue of each of these cannot be placed in time: the first has a timing line, the second has none, and counts too.
DAMAGED = ("vtt-edge/invalid_timeframe.vtt", "vtt-edge/missing_timeframe.vtt")


@pytest.mark.parametrize("file", TRANSCRIPTS)
def test_transcripts_each_cue_is_read_and_only_damaged_ones_are_quarantined(told, truth, file):
    untimed = file == "vtt-edge/missing_timeframe.vtt"
    assert told[file]["read"] == number(r"(\d+) timing lines", truth[file]) + untimed
    assert told[file]["quarantined"] == (file in DAMAGED)
    assert [p["place"] for p in told[file]["problems"]] == ["line 6"] * (file in DAMAGED)


def words_of_cues(path: Path) -> Counter[str]:
    """All words below timing lines, up to the next blank or timing line, without tags and Zoom's labels."""
    words, inside = Counter(), False
    for line in path.read_text("utf-8-sig").splitlines():
        if "-->" in line or not line.strip():
            inside = "-->" in line
        elif inside:
            bare = re.sub(r"<[^>]*>", "", line)
            words.update((re.sub(r"^[^:]+: ", "", bare) if path.parent.name == "vtt-zoom" else bare).split())
    return words


@pytest.mark.parametrize("file", TRANSCRIPTS)
def test_transcripts_lose_no_word(samples, file):
    expected = words_of_cues(samples / file)
    got = Counter(word for turn in ts.read(samples / file) for word in turn.text.split())
    if file == "vtt-edge/youtube_dl.vtt":
        # Rolling captions: two of the four cues show the line before once more, and nobody said it twice.
        assert set(got) == set(expected)
        assert set(got.values()) == {1}
    elif file == "vtt-edge/invalid_timeframe.vtt":
        # The text below the timing line in line 6 has no place in time.
        assert expected - got == Counter((samples / file).read_text("utf-8").splitlines()[6].split())
    else:
        assert got == expected


def test_transcripts_are_dated_by_their_names_only(samples):
    zoom, teams = ("vtt-zoom/acdc-2026-02-19_175-transcript.vtt", "vtt-teams/example-transcript.vtt")
    assert {str(m.timestamp) for m in ts.read(samples / zoom)} == {"2026-02-19 00:00:00+00:00"}
    reading = ts.read(samples / teams)
    assert {m.timestamp for m in reading} == {None}
    assert reading.report.assumptions == (
        "no date: a transcript holds none, and its file name has none (such as 2026-02-19)",
    )


@pytest.mark.parametrize("file", TABLES)
def test_tables_rows_columns_and_filled_cells_are_the_true_ones(truth, told, file):
    [account] = told[file]["files"]
    said = truth[file]
    assert account["details"] == {
        "columns": number(r"(\d+) columns", said),
        "rows": number(r"(\d+) records", said),
        "filled cells": number(r"(\d+) non-empty cells", said),
    }


def test_all_samples_together_are_read_in_one_call(samples, told):
    folders = ["slack", "markdown", "vtt-zoom", "vtt-teams", "vtt-edge", "standup-csv", "retro-csv"]
    for folder in folders:
        reading = ts.read(samples / folder)
        stamps = [m.timestamp for m in reading]
        expected = sum(told[file]["yielded"] for file in ALL if file.startswith(f"{folder}/"))
        assert len(stamps) == reading.report.yielded == expected
        assert all(isinstance(t, datetime) and t.utcoffset().total_seconds() == 0 for t in stamps if t)


# All files, of all families: format, records read, and an account that adds up.

# By folder: the format, and where the table of the samples says how many records it holds (numbers are added up).
# Without such a place the records depend on what a reader takes for one, and stand below.
FOLDERS = {
    "discord": ("discord", r": (\d+) messages \("),
    "docx": ("docx", None),
    "eml": ("mail", None),
    "google-chat": ("google-chat", r"^(\d+) messages"),
    "html": ("html", None),
    # Of five kinds of lines; blank ones and those in the middle of an entry are none.
    "irc": ("irc", r"(\d+) (?:'<nick> text' lines|other event)"),
    "markdown": ("notes", None),
    "mattermost": ("mattermost", r"= (\d+);"),
    "mbox": ("mail", r"^(\d+) lines? starting 'From '"),
    "notion": ("notion", None),
    "pdf": ("pdf", None),
    "retro-csv": ("retro-board", r"(\d+) non-empty cells"),
    "slack": ("slack", r"(\d+) records"),
    "srt": ("transcript", r"(\d+) timing lines"),
    "standup-csv": ("standups", None),
    "teams-json": ("teams", r"^(\d+) messages"),
    "teams-transcript-txt": ("transcript", r"^(\d+) cues"),
    "telegram": ("telegram", r"(\d+) records"),
    "trello": ("trello", r"(\d+) (?:cards|actions)"),
    "vtt-edge": ("webvtt", r"(\d+) timing lines"),
    "vtt-teams": ("webvtt", r"(\d+) timing lines"),
    "vtt-zoom": ("webvtt", r"(\d+) timing lines"),
    "whatsapp": ("whatsapp", r"(\d+) dated entries"),
    "zoom-chat": ("zoom-chat", r"(\d+) stamped lines"),
    "zulip": ("zulip", r"^(\d+) messages"),
}
# Files that belong together are read together.
TOGETHER = ("notion", "teams-json/TeamsData_excerpt")
RECORDS = {
    # One paragraph, and 14 in headers and footers.
    "docx/docx-hdrftr.docx": 1 + 14,
    "docx/docx-tables.docx": 24,
    "docx/example-list-items-multiple.docx": 14,
    # Eight paragraphs, of which several hold one sentence a line.
    "docx/generated-meeting_minutes.docx": 22,
    # Paragraphs and comments.
    "docx/test_with_comment.docx": 39 + 2,
    "eml/fake-email-b64.eml": 1,
    "eml/fake-email-utf-16.eml": 1,
    "eml/fake-email.eml": 1,
    "eml/mime-different-plain-html.eml": 1,
    "eml/mime-html-only.eml": 1,
    "eml/mime-no-to.eml": 1,
    "eml/mime-word-encoded-subject.eml": 1,
    # Paragraphs, list items and headings; those of the table also count what stands in scripts and in the head.
    "html/R_Sub_11-04-22_Minutes.html": 17 + 37 + 2,
    "html/fake-html-cp1252.html": 2 + 1 + 1,
    "html/w3c-minutes-sample-member.html": 146,
    "html/w3c-minutes-sample-team.html": 580,
    # Headings, bullets and paragraphs; a bullet that goes on in the next line is one.
    "markdown/2017-03-24--docs-sprint-retrospective.md": 28,
    "markdown/2017-03-29--in-web-browsers-standup.md": 28,
    "markdown/2019-05-08--gui-and-in-web-browsers-weekly.md": 299,
    "markdown/2019-10-21--core-implementations-weekly.md": 233,
    # The same minutes as in HTML.
    "markdown/R_Sub_11-04-22_Minutes.md": 56,
    "markdown/aswf-tac-2026-08-05.md": 202,
    "markdown/nodejs-2015-05-07.md": 78,
    # Two notes in Markdown, three rows, one view of the same table, and two pages in HTML.
    "notion": 14 + 14 + 3 + 1 + 69 + 5,
    "pdf/fake-memo.pdf": 5,
    "pdf/list-item-example.pdf": 38,
    "pdf/multi-column-2p.pdf": 30,
    # Six people, three questions; the two other columns are no answers.
    "standup-csv/standup.csv": 6 * 3,
    # A text without a timing line counts, too.
    "vtt-edge/missing_timeframe.vtt": 6 + 1,
}
REFUSED = {"pdf/password.pdf": "is protected with a password"}
# These leave open which number is the day.
DATE_ORDER = {"whatsapp/4A_11M.zip": "mdy", "whatsapp/timelinize_chat.txt": "dmy"}


def inputs(truth: dict[str, str]) -> dict[str, list[str]]:
    """The files of each input: itself, or all that are read together."""
    found: dict[str, list[str]] = {}
    for file in truth:
        whole = next((folder for folder in TOGETHER if file.startswith(f"{folder}/")), file)
        found.setdefault(whole, []).append(file)
    return found


@pytest.fixture(scope="module")
def reports(samples, truth) -> dict[str, ReadReport | str]:
    """What became of each input: the account, or why it was refused."""
    found = {}
    for name in inputs(truth):
        reading = ts.read(samples / name, date_order=DATE_ORDER.get(name))
        try:
            yielded = sum(1 for _ in reading)
        except InputError as error:
            found[name] = error.problem
        else:
            found[name] = reading.report
            assert reading.report.yielded == yielded
    return found


def test_all_samples_are_read_but_for_the_one_with_a_password(truth, reports):
    assert len(truth) == 96
    assert {name: found for name, found in reports.items() if isinstance(found, str)} == REFUSED


def test_all_samples_have_their_format_and_number_of_records(truth, reports):
    expected, found = {}, {}
    for name, files in inputs(truth).items():
        format_, place = FOLDERS[name.split("/")[0]]
        numbers = [int(n) for file in files for n in re.findall(place or "$^", truth[file])]
        expected[name] = ([format_], RECORDS.get(name) or sum(numbers))
        if name not in REFUSED:
            found[name] = ([file.format for file in reports[name].files], reports[name].read)
    assert found == {name: counts for name, counts in expected.items() if name not in REFUSED}


def test_the_accounts_of_all_samples_add_up_and_only_damaged_ones_have_problems(reports):
    problems = {}
    for name, report in reports.items():
        if name not in REFUSED:
            assert report.read == report.yielded + sum(report.skipped.values()) + report.quarantined
            problems[name] = report.quarantined
            assert len(report.problems) == report.quarantined
    assert {name: n for name, n in problems.items() if n} == dict.fromkeys(DAMAGED, 1)


def details(samples: Path, file: str) -> dict[str, int]:
    reading = ts.read(samples / file)
    assert list(reading)
    [account] = reading.report.files
    return account.details


@pytest.mark.parametrize("file", [file for file in RECORDS if file.startswith("docx/")])
def test_documents_have_their_true_paragraphs_tables_rows_and_words(samples, truth, file):
    said, found = truth[file], details(samples, file)
    for name, kind in (("paragraphs", "non-empty w:p"), ("tables", "tables"), ("rows", "rows")):
        assert found.get(name, 0) == number(rf"(\d+) {kind}", said)
    assert found["list paragraphs"] == number(r"(\d+) list paragraphs", said)
    # The table was made without line breaks inside paragraphs, 14 of which part two words here.
    breaks = 14 if file == "docx/generated-meeting_minutes.docx" else 0
    assert found["words"] == number(r"(\d+) words", said) + breaks
    assert ("comments" in found) == ("comments part True" in said)
    first = re.search(r"first text '(.*)'", said).group(1)
    assert next(iter(ts.read(samples / file, system=True))).text.startswith(first) or found.get("headings")


@pytest.mark.parametrize(
    "file",
    [
        *(file for file in RECORDS if file.startswith("html/")),
        "notion/basic blocks 6c156e2ddef249f5be0ca563fe6d69ce.html",
        "notion/comments 0b2748a886b7483e893c493f1626ab24.html",
    ],
)
def test_pages_have_their_true_paragraphs_list_items_headings_and_words(samples, truth, file):
    said, found = truth[file], details(samples, file)
    tags = pairs(re.search(r"tags ([^;]*);", said).group(1))
    true = [tags["p"], tags.get("li", 0), sum(tags.get(f"h{level}", 0) for level in range(1, 7)), tags.get("tr", 0)]
    if file == "html/R_Sub_11-04-22_Minutes.html":
        # One of each stands in a script, and nobody sees it.
        true = [n - 1 for n in true]
    assert [found[name] for name in ("paragraphs", "bullets", "headings", "table rows")] == true
    # Counted without the markup of formulas and of what a browser hides.
    words = number(r"about (\d+) visible words", said)
    assert words * 0.95 <= found["words"] <= words


@pytest.mark.parametrize("file", [file for file in RECORDS if file.startswith("pdf/")])
def test_pdf_pages_words_and_beginning_are_the_true_ones(samples, truth, file):
    said, found = truth[file], details(samples, file)
    assert found["pages"] == number(r"(\d+) pages", said)
    # Where a line ends in the middle of a column, words are parted that pypdf glues together.
    assert found["words"] == pytest.approx(number(r"about (\d+) words", said), rel=0.005)


def test_notion_notes_have_their_true_headings_and_items(samples, truth):
    for file in truth:
        if file.startswith("notion/") and file.endswith(".md"):
            reading = ts.read(samples / file)
            assert list(reading)
            kinds = (r"(\d+) headings", r"(\d+) bullet lines", r"(\d+) numbered")
            # One more paragraph holds the properties of the page.
            assert reading.report.read == sum(number(kind, truth[file]) for kind in kinds) + 1
            assert reading.report.skipped["heading"] == number(kinds[0], truth[file])


@pytest.mark.parametrize(
    "file",
    [
        "BIG_20A_5475M.json",
        "DM_2A_7M.json",
        "innerdvations-private_channel.json",
        "innerdvations-saved.json",
        "test_single_export.json",
    ],
)
def test_telegram_authors_are_the_true_ones(samples, truth, file):
    said = truth[f"telegram/{file}"]
    messages = [m for m in ts.read(samples / "telegram" / file, system=True) if m.kind != "system"]
    authors = Counter(m.author for m in messages)
    assert len(authors) == number(r"(\d+) `from` names", said)
    if named := re.search(r"`from` names \(([^)]*)\)", said):
        assert authors == pairs(named.group(1))
