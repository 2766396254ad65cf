from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from exports import read_all, write
from hypothesis import given, settings
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import Seen, sniff


def read_text(tmp_path, text, name="call.vtt"):
    return read_all(write(tmp_path / name, text))


def cues(*lines, step=2.0):
    """A transcript whose cues follow each other at once, each with one text."""

    def stamp(seconds):
        return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{seconds % 60:06.3f}"

    blocks = [f"{i + 1}\n{stamp(i * step)} --> {stamp(i * step + 2)}\n{text}" for i, text in enumerate(lines)]
    return "WEBVTT\n\n" + "\n\n".join(blocks) + "\n"


@pytest.mark.parametrize(
    ("lines", "turns"),
    [
        (["Ana: We ship.", "Ana: On Monday.", "Bo: Fine."], [("Ana", "We ship. On Monday."), ("Bo", "Fine.")]),
        (["<v.loud Ana>We < 3 ship.</v>", "on <v Monday"], [("Ana", "We < 3 ship. on <v Monday")]),
        (["<v Ana>We ship.</v>", "on Monday", "<v Bo>Fine.</v>"], [("Ana", "We ship. on Monday"), ("Bo", "Fine.")]),
        (["Ana (Ops | EU): We ship.", "on Monday"], [("Ana (Ops | EU): We ship. on Monday",)]),
        (["Unknown Speaker: Hello.", "Ana: Hi."], [(None, "Hello."), ("Ana", "Hi.")]),
        (["<c.red>Red</c> <00:00:01.000>words &amp; signs &gt; 1"], [(None, "Red words & signs > 1")]),
        # Where no cue has a label, a colon belongs to the sentence.
        (
            ["Here is the problem: nobody decides.", "So we wait."],
            [(None, "Here is the problem: nobody decides. So we wait.")],
        ),
        # A word that begins like the turn before is not a repetition.
        (["No", "Nobody told us."], [(None, "No Nobody told us.")]),
        (["Ana: Yes.", "Ana: Yes."], [("Ana", "Yes. Yes.")]),
        # Somebody unknown is not the one who spoke before.
        (["Ana: Hi.", "Unknown Speaker: Hello."], [("Ana", "Hi."), (None, "Hello.")]),
        # Two people in one cue.
        (["<v Ana>Ready?</v>\n<v Bo>Yes.</v>", "<v Bo>Go.</v>"], [("Ana", "Ready?"), ("Bo", "Yes. Go.")]),
        (["Bo: Hm.", "Ana: Ready?\nBo: Yes."], [("Bo", "Hm."), ("Ana", "Ready?"), ("Bo", "Yes.")]),
        (["Ana:\nWe ship\nat 10: no", "Ana: Fine"], [("Ana", "We ship at 10: no Fine")]),
        # Names with a colon, with or without a blank behind it.
        (["Ana:EU: Hi.", "Bo: Hi."], [("Ana:EU", "Hi."), ("Bo", "Hi.")]),
        (
            ["Ana: Ops (EU): One.", "Ana: Ops (EU): Two.", "Ana: Ops (EU): Three."],
            [("Ana: Ops (EU)", "One. Two. Three.")],
        ),
        (["Lumi | Labs: Hi.", "Justin (Ops): Hi: you."], [("Lumi | Labs", "Hi."), ("Justin (Ops)", "Hi: you.")]),
        # Named only where a turn begins.
        (
            [
                "Ana: Hi.",
                "We ship.",
                "On Monday.",
                "Bo: Fine.",
                "So be it.",
                "Then: go.",
                "Ana: Yes.",
                "Bo: Yes.",
                "Bye.",
                "All.",
            ],
            [
                ("Ana", "Hi. We ship. On Monday."),
                ("Bo", "Fine. So be it. Then: go."),
                ("Ana", "Yes."),
                ("Bo", "Yes. Bye. All."),
            ],
        ),
        # YouTube shows an empty line of one blank before the first words.
        ([" \nwe said", "we said\n ", "we said\nit<00:00:04.500><c> often</c>"], [(None, "we said it often")]),
        # Rolling captions show the line before once more.
        (["we said", "we said\nit often", "it often"], [(None, "we said it often")]),
    ],
)
def test_cues_become_turns_of_their_speaker_with_all_words(tmp_path, lines, turns):
    found, report = read_text(tmp_path, cues(*lines))
    assert report.problems == ()
    # A label on exactly half of the cues is no rule yet.
    expected = [turn if len(turn) == 2 else (None, turn[0]) for turn in turns]
    assert [(turn.author, turn.text) for turn in found] == expected


def test_a_speech_over_several_turns_stays_with_its_speaker(tmp_path):
    long, _ = read_text(tmp_path, cues("<v Ana>Now.</v>", *["word " * 100] * 9))
    assert len(long) > 2
    assert {turn.author for turn in long} == {"Ana"}
    # After a long silence it is not known who speaks.
    silent, _ = read_text(tmp_path, cues("<v Ana>Now.</v>", "Later.", step=60.0))
    assert [turn.author for turn in silent] == ["Ana", None]


def test_a_long_silence_and_a_long_speech_begin_a_new_turn(tmp_path):
    silent, _ = read_text(tmp_path, cues("Ana: One.", "Ana: Two.", step=60.0))
    assert [turn.text for turn in silent] == ["One.", "Two."]
    long, report = read_text(tmp_path, cues(*["Ana: " + "word " * 100] * 10))
    assert len(long) > 1
    assert all(len(turn.text) <= 2_000 for turn in long)
    assert report.skipped == {"joined with the cue before": 10 - len(long)}


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Ana", "Bo", "Cy Dee"]),
            st.lists(st.from_regex(r"[a-z]{1,8}[.,?]?", fullmatch=True), min_size=1, max_size=9),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_no_word_is_lost_or_doubled_by_joining_cues(folder, said):
    lines = [f"{name}: {' '.join(words)}" for name, words in said]
    found, report = read_text(folder, cues(*lines))
    assert Counter(w for turn in found for w in turn.text.split()) == Counter(w for _, words in said for w in words)
    # Each word stays with the one who said it.
    for name in {name for name, _ in said}:
        own = [word for speaker, words in said if speaker == name for word in words]
        assert [w for turn in found if turn.author == name for w in turn.text.split()] == own
    assert report.read == len(said) == report.yielded + sum(report.skipped.values())


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (
            "00:00:1d.000 --> 00:00:12.000\nlost",
            "line 6: the times of this cue cannot be read; write them as 00:01:02.500 --> ...",
        ),
        (
            "00:99.000 --> 00:99.500\nlost",
            "line 6: the times of this cue cannot be read; write them as 00:01:02.500 --> ...",
        ),
        ("7\n00:12.000 -->\nlost", "line 7: the times of this cue cannot be read; write them as 00:01:02.500 --> ..."),
        ("lost", "line 6: text without a time; write it below a line such as 00:01 --> 00:02"),
    ],
)
def test_a_cue_without_usable_times_is_quarantined_with_its_line(tmp_path, block, message):
    text = f"WEBVTT\n\n00:01.000 --> 00:02.000\nfirst\n\n{block}\n\n00:20.000 --> 00:21.000\nlast\n"
    found, report = read_text(tmp_path, text)
    assert [turn.text for turn in found] == ["first last"]
    assert [str(problem) for problem in report.problems] == [f"{tmp_path / 'call.vtt'}, {message}"]
    assert (report.read, report.yielded, report.quarantined) == (3, 1, 1)


@pytest.mark.parametrize(
    "text",
    [
        "WEBVTT\n00:01.000 --> 00:02.000\nhello\n",
        "WEBVTT - a title\n\nNOTE a comment\nover lines\n\nSTYLE\n::cue {}\n\n00:01.000 --> 00:02.000\nhello\n",
        "WEBVTT\n\nNOTE from a --> b\nover 00:09 --> lines\n\n00:01.000 --> 00:02.000\nhello\n\nNOTE the end\n",
        "WEBVTT\nKind: captions\nLanguage: en\n\nREGION\nid:left\n\n00:01.000 --> 00:02.000 region:left\nhello\n",
        "WEBVTT\r\r00:01.000 --> 00:02.000\rhello\r",
        "WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n \n",
        "WEBVTT\n\nNOTES-1\n00:01.000 --> 00:02.000\nhello\n",
        "WEBVTT\r\n\r\n00:01,000 --> 00:02,000 align:start\r\nhello\r\n",
        "\ufeffWEBVTT\n\n1:00:01.000 --> 1:00:02.000\nhello",
    ],
)
def test_dialects_of_one_transcript_are_read_alike(tmp_path, text):
    found, report = read_text(tmp_path, text)
    assert [turn.text for turn in found] == ["hello"]
    assert report.problems == ()


@pytest.mark.parametrize("body", ["", " ", "<c></c>"])
def test_a_cue_without_words_is_skipped(tmp_path, body):
    found, report = read_text(tmp_path, f"WEBVTT\n\n00:01.000 --> 00:02.000\n{body}\n")
    assert found == []
    assert report.skipped == {"empty": 1}


def test_a_turn_says_where_and_when_it_was_said(tmp_path):
    [first, second], _ = read_text(tmp_path, cues("Ana: One.", "Bo: Two.", step=2.5), "call-2026-03-13.vtt")
    assert (first.locator, second.locator) == ("line 4", "line 8")
    assert second.meta == {"seconds": 2.5}
    assert {str(turn.timestamp) for turn in (first, second)} == {"2026-03-13 00:00:00+00:00"}
    assert (first.time_source, first.time_precision, first.kind) == ("filename", "day", "speech")


def test_a_file_name_in_the_future_is_told_once(tmp_path):
    path = write(tmp_path / "2099-01-01.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nWe wait.\n")
    with pytest.raises(InputError, match="the date 2099-01-01 is in the future; mend the date in the name"):
        list(ts.read(path))


@pytest.mark.parametrize(
    ("name", "day", "channel"),
    [
        ("GMT20260219-150005_Weekly.transcript.vtt", "2026-02-19", "GMT20260219-150005_Weekly.transcript"),
        ("GMT20260219 -150005_Weekly.vtt", "2026-02-19", "GMT20260219 -150005_Weekly"),
        ("2026-02-19_175/transcript.vtt", "2026-02-19", "2026-02-19_175"),
        ("2026-02-19 10.00.34 Weekly/recording.transcript.vtt", "2026-02-19", "2026-02-19 10.00.34 Weekly"),
        ("weekly.vtt", None, "weekly"),
    ],
)
def test_day_and_meeting_come_from_file_or_folder(tmp_path, name, day, channel):
    for given_path in (write(tmp_path / name, cues("Ana: One.")), tmp_path):
        [turn] = ts.read(given_path)
        assert (turn.timestamp and str(turn.timestamp.date()), turn.channel) == (day, channel)


@pytest.mark.parametrize(
    ("name", "zone", "day"),
    [
        ("GMT20260313-013000_Weekly.vtt", "America/New_York", "2026-03-12"),
        ("GMT20260313-233000_Weekly.vtt", "Europe/Rome", "2026-03-14"),
        # No time of day.
        ("GMT20260313-993000_Weekly.vtt", "Europe/Rome", "2026-03-13"),
    ],
)
def test_a_name_in_gmt_gives_the_day_of_the_zone(tmp_path, name, zone, day):
    [turn] = ts.read(write(tmp_path / name, cues("Ana: One.")), tz=ZoneInfo(zone))
    assert str(turn.timestamp.astimezone(ZoneInfo(zone))).startswith(f"{day} 00:00:00")


def test_rolling_captions_stay_whole_where_one_turn_ends_and_the_next_begins(tmp_path):
    words = [f"line {i} " + "word " * 100 for i in range(10)]
    found, _ = read_text(tmp_path, cues(*(f"{before}\n{line}" for before, line in pairwise(words))))
    assert len(found) > 1
    assert " ".join(turn.text for turn in found).split() == " ".join(words).split()


@pytest.mark.parametrize(
    "piece", ["<", "<v ", "<v.a", "<v A>x", "&", "a: ", "\n ", "NOTE\n", "00:01.000 --> 00:02.000\n"]
)
def test_hostile_cues_take_time_in_proportion_to_their_length(tmp_path, piece):
    begin = process_time()
    read_text(tmp_path, "WEBVTT\n\n00:01.000 --> 00:02.000\n" + piece * (100_000 // len(piece)))
    assert process_time() - begin < 3


def test_meetings_whose_files_share_a_name_are_not_taken_for_one(tmp_path):
    seen = Seen()
    found = []
    for folder, text in (("a", "Ana: One."), ("b", "Ana: Two.")):
        path = write(tmp_path / folder / "transcript.vtt", cues(text))
        found += [turn.text for turn in ts.read(path, seen=seen)]
    assert found == ["One.", "Two."]


def test_a_transcript_in_utf_16_is_known_and_read(tmp_path):
    path = write(tmp_path / "call.txt", cues("Ana: Così.").encode("utf-16"))
    assert sniff(path) == ("webvtt", 1.0)
    [turn] = ts.read(path)
    assert turn.text == "Così."


def test_separators_that_end_no_line_stay_in_the_text(tmp_path):
    [turn, last], _ = read_text(tmp_path, "WEBVTT\n\n00:01.000 --> 00:02.000\na\u2028b\n\n01:00.000 --> 01:01.000\nc\n")
    assert (turn.text, turn.locator, last.locator) == ("a b", "line 3", "line 6")


# Timing lines and labels.
TRUE = {
    "vtt-teams/example-transcript.vtt": (12, 2),
    "vtt-zoom/acdc-2026-02-19_175-transcript.vtt": (139, 7),
    "vtt-zoom/acdc-2026-03-19_176-transcript.vtt": (706, 17),
    "vtt-zoom/acdc-2026-06-25_181-transcript.vtt": (363, 15),
}


@pytest.mark.parametrize("file", TRUE)
def test_real_transcripts_keep_every_word_and_every_speaker(samples, file):
    timed, speakers = TRUE[file]
    path = samples / file
    turns, report = read_all(path)
    account = report.files[0]
    assert (account.details["timing lines"], account.read, account.quarantined) == (timed, timed, 0)
    assert account.details["speakers"] == speakers == len({turn.author for turn in turns})
    shown = [line for line in path.read_text("utf-8-sig").splitlines() if line and "-->" not in line]
    shown = [
        re.sub(r"</?v[^>]*>", "", line) for line in shown[1:] if not re.fullmatch(r"\d+|[0-9a-f-]{36}/[\d-]+", line)
    ]
    words = Counter(word for line in shown for word in line.split())
    said = Counter(word for turn in turns for word in turn.text.split())
    assert not said - words
    # What is missing is the names before the colons.
    named = Counter(word for turn in turns for word in f"{turn.author}:".split())
    assert set(words - said) <= set(named)
