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

import textsignals as ts
from textsignals.cli import main

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
    own = [r for r in records if r.get("subtype") in WORDS_OF_PEOPLE and r.get("text") and not r.get("bot_id")]
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
    raw = {r["ts"]: "" if "comment" in r else r.get("text") or "" for r in slack_records(path)}
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
    reading = ts.read(samples / file)
    turns = list(reading)
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


def test_standup_answers_are_messages_of_their_question_and_fillers_are_not(samples):
    reading = ts.read(samples / "standup-csv/standup.csv")
    answers = list(reading)
    # Six people, three questions; Name and Status hold no sentences. Three blockers are "None", "N/A" and "-".
    assert Counter(answer.section for answer in answers) == {"Yesterday": 6, "Today": 6, "Blocker": 3}
    assert len({answer.author for answer in answers}) == 6
    assert reading.report.skipped == {"no answer": 3}


def test_retro_cards_keep_their_column_and_votes(samples):
    cards = list(ts.read(samples / "retro-csv/funretro-export-newVersion.csv"))
    assert Counter(card.section for card in cards) == {"start": 4, "progress": 3, "finished": 3}
    assert [card.votes for card in cards if card.votes] == [2]
    assert not [card.text for card in cards if "(+" in card.text]


def test_all_samples_together_are_read_in_one_call(samples, told):
    folders = ["slack", "markdown", "vtt-zoom", "vtt-teams", "vtt-edge", "standup-csv", "retro-csv"]
    for folder in folders:
        reading = ts.read(samples / folder)
        stamps = [m.timestamp for m in reading]
        expected = sum(told[file]["yielded"] for file in ALL if file.startswith(f"{folder}/"))
        assert len(stamps) == reading.report.yielded == expected
        assert all(isinstance(t, datetime) and t.utcoffset().total_seconds() == 0 for t in stamps if t)
