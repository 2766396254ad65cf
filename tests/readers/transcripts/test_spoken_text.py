from __future__ import annotations

import contextlib
import json
import re

import pytest
from damage import damage_never_crashes
from exports import read_all, write

import textsignals as ts
from textsignals import readers
from textsignals.errors import InputError
from textsignals.readers.sources import open_directory, open_file
from textsignals.readers.transcripts import spoken_text as transcripts

SRT = (
    b"1\n00:00:01,000 --> 00:00:03,500\nAna Silva: We agreed on\n\n2\n00:00:03,500 --> 00:00:05,000\n"
    b"Ana Silva: the <i>smaller</i> step.\n\n3\n00:00:05,000 --> 00:00:07,000\nBo: Fine &amp; done.\n"
)
TEAMS_CUES = (
    b"0:0:1.0 --> 0:0:3.520\nAna Silva\nWe agreed on\nthe smaller step.\n0:0:5.10 --> 0:0:7.0\nBo\nFine & done.\n"
)
OTTER = (
    b"Ana Silva  0:01  \nWe agreed on the smaller step.\n\nBo  0:05  \nFine & done.\n\n"
    b"Transcribed by https://otter.ai\n"
)
OTTER_LONG = (
    b"Payments weekly\nFri, Mar 13, 2026 10:00AM \xe2\x80\xa2 12:41\n\nSUMMARY KEYWORDS\nstep, release, plan\n\n"
    b"SPEAKERS\nAna Silva, Bo\n\n"
) + OTTER
MEET = (
    b"Payments weekly - 2026/03/13 09:58 GMT - Transcript\nAttendees\nAna Silva, Bo, Cy Dee\nTranscript\n00:00:01\n\n"
    b"Ana Silva: We agreed on the smaller step.\n00:00:05\nBo: Fine & done.\n"
    b"Transcription ended after 00:10:41\n\n"
    b"This editable transcript was computer generated and might contain errors. People can also change the text.\n"
)
MEET_MARKDOWN = (
    "# **📖 Transcript**\n\nMar 13, 2026\n\n## **Payments weekly \\- Transcript**\n\n### 00:00:01\n\n"
    "**Ana Silva:** We agreed on the smaller step\\.  \n### 00:00:05\n\n**Bo:** Fine & done\\.\n\n"
    "### Transcription ended after 00:10:41\n\n*This editable transcript was computer generated and might err*\n"
).encode()
TEAMS = (
    b"Payments weekly-20260313_100000-Meeting Recording\nMarch 13, 2026, 10:00AM\n12m 41s\n\n"
    b"Ana Silva started transcription\n\nAna Silva   0:01\nWe agreed on the smaller step.\n\n"
    b"Bo   0:05\nFine & done.\n\nAna Silva stopped transcription\n"
)
BRACKETS = b"[00:00:01] Ana Silva: We agreed on the smaller step.\n[00:00:05] Bo: Fine & done.\n"
DIALECTS = {
    "a.srt": SRT,
    "crlf.srt": SRT.replace(b"\n", b"\r\n"),
    "no-blank-lines.srt": SRT.replace(b"\n\n", b"\n"),
    "teams-cues.txt": TEAMS_CUES,
    "teams-cues-apart.txt": TEAMS_CUES.replace(b"\n0:0:5", b"\n\n0:0:5"),
    "otter.txt": OTTER,
    "otter_bom.txt": b"\xef\xbb\xbf" + OTTER,
    "otter16.txt": OTTER.decode().encode("utf-16"),
    "otter-long.txt": OTTER_LONG,
    "meet.txt": MEET,
    "meet.md": MEET_MARKDOWN,
    "teams.txt": TEAMS,
    "brackets.txt": BRACKETS,
    "plain-times.txt": BRACKETS.replace(b"[", b"").replace(b"]", b""),
    "round.txt": BRACKETS.replace(b"[", b"(").replace(b"]", b")"),
    "spans.txt": BRACKETS.replace(b"1]", b"1 - 00:00:04]").replace(b"5]", b"5 --> 00:00:09.000]"),
    "meet-in-german.txt": (
        b"Wochentreffen (2026-03-13 10:00 GMT+1) - Transkript\nTeilnehmer\nAna Silva, Bo\nTranskript\n00:00:01\n\n"
        b"Ana Silva: We agreed on the smaller step.\n00:00:05\nBo: Fine\nBo: & done.\n"
        b"Die Transkription wurde nach 00:10:41 beendet\n\nDieses Transkript wurde automatisch erstellt.\n"
    ),
    "time-after.txt": b"Ana Silva [00:01]: We agreed on the smaller step.\nBo [00:05]: Fine & done.\n",
    "time-after-colon.txt": b"Ana Silva: [00:01] We agreed on the smaller step.\nBo: (00:05) Fine & done.\n",
    "rev.txt": (
        b"Ana Silva (00:01):\nWe agreed on the smaller step.\n\nBo (00:05):\nFine & done.\n\nAna Silva (01:05):\n\n"
    ),
    "time-first.txt": b"0:01 - Ana Silva\nWe agreed on the smaller step.\n\n0:05 - Bo\nFine & done.\n\n1:05 - Bo\n\n",
    "zoom-captions.txt": (
        b"[Ana Silva] 10:00:01\nWe agreed on the smaller step.\n\n[Bo] 10:00:05\nFine & done.\n\n[Bo] 10:02:05\n\n"
    ),
    "weekly transcript.txt": b"Ana Silva: We agreed on the smaller step.\nBo: Fine & done.\nBo:\n",
}
EXPECTED = [
    {"author": "Ana Silva", "text": "We agreed on the smaller step."},
    {"author": "Bo", "text": "Fine & done."},
]
VALID = {"valid.srt": SRT, "valid-otter.txt": OTTER_LONG, "valid-meet.txt": MEET, "valid-teams.txt": TEAMS_CUES}


def said(tmp_path, text, name="call.txt"):
    found, report = read_all(write(tmp_path / name, text))
    assert report.files[0].format == "transcript"
    return [(message.author, message.text) for message in found], report


@pytest.mark.parametrize("name", DIALECTS)
def test_dialects_of_one_meeting_are_read_alike(tmp_path, name):
    path = write(tmp_path / name, DIALECTS[name])
    assert readers.sniff(path)[0] == "transcript"
    assert readers.sniff(path)[1] >= 0.8
    reading = ts.read(path)
    assert [{"author": m.author, "text": m.text} for m in reading] == EXPECTED
    assert reading.report.problems == ()


NO_TRANSCRIPTS = {
    "vtt.txt": "WEBVTT\n\n00:01.000 --> 00:02.000\nAna: We agreed.\n",
    "zoom-chat.txt": "00:05:41\tAna:\tWe agreed.\n00:05:49\tBo:\tFine.\n" * 5,
    "old-zoom-chat.txt": "00:05:41 From Ana to Everyone: We agreed.\n00:05:49 From Bo to Everyone: Fine.\n" * 5,
    "irc.txt": "[12:18] <ana> we agreed\n[12:19] <bo> fine\n=== cy has joined\n" * 5,
    "plain-irc.log": "16:18:13 <ana> we agreed: now\n16:18:15 <bo> fine\n" * 5,
    "android.txt": "1/5/26, 12:01 - Ana: We agreed.\n1/5/26, 12:02 - Bo: Fine.\n" * 5,
    "ios.txt": "[2026-01-05, 12:00:01] Ana: We agreed.\n[2026-01-05, 12:00:04] Bo: Fine.\n" * 5,
    "minutes.md": "# Retro\n\nAna: We agreed.\n\nBo: Fine.\n\nAna: Then we wait.\n",
    "minutes.txt": "Retro\n\nAna: We agreed.\nBo: Fine.\nAna: Then we wait.\nBo: Yes.\n",
    "agenda.md": "# Agenda\n\n10:00 Welcome: Ana\n\n10:15 Budget: we agreed\n\nWe decided to wait.\n\nBo asks legal.\n",
    "day.md": "## Stand-up 10:00\nAna waits.\n## Stand-up 15:00\nBo waits.\n",
    "plan.txt": "Welcome 9:00\nWe meet.\nReview 9:30\nWe look.\nLunch 12:00\nWe eat.\n",
    "table.csv": "date,author,text\n2026-01-05,Ana,We agreed\n",
    "export.json": '[{"ts": "1.0", "text": "0:01 Ana: We agreed"}]',
    "mail.txt": "From ana@example.org Fri Mar 13 10:00:05 2026\nFrom: ana@example.org\nSubject: 10:00 Ana: x\n\nx\n",
    "front.md": "---\ntitle: a\n---\nAna: We agreed.\n",
    "a.bin": "\x00\x01",
}


@pytest.mark.parametrize("name", NO_TRANSCRIPTS)
def test_chats_minutes_and_agendas_are_not_claimed(tmp_path, name):
    assert transcripts.sniff(open_file(write(tmp_path / name, NO_TRANSCRIPTS[name]))) == 0.0
    assert transcripts.sniff(open_directory(tmp_path)) == 0.0


def test_real_files_of_other_formats_are_not_claimed(samples):
    own = {"srt", "teams-transcript-txt"}
    others = [path for path in samples.glob("*/*") if path.is_file() and path.parent.name not in own]
    assert [path.name for path in others if transcripts.sniff(open_file(path))] == []


def test_what_the_product_adds_is_left_out_and_counted(tmp_path):
    turns, report = said(tmp_path, OTTER_LONG.decode())
    assert len(turns) == 2
    # Title and date; the list of key words and of speakers with their labels; the last line.
    assert report.skipped == {"heading": 2, "label": 2, "attendance": 2, "boilerplate": 1}
    turns, report = said(tmp_path, MEET.decode())
    # The title, the word "Transcript" and two times.
    assert report.skipped == {"heading": 4, "attendance": 2, "boilerplate": 2}
    turns, report = said(tmp_path, TEAMS.decode())
    assert report.skipped == {"heading": 3, "boilerplate": 2}


def test_a_summary_above_the_transcript_is_no_speech(tmp_path):
    text = MEET.decode().replace(
        "Attendees\n", "Summary: they talked.\nThe team decided to take the smaller step.\nAttendees\n"
    )
    turns, report = said(tmp_path, text)
    assert [text for _, text in turns] == [entry["text"] for entry in EXPECTED]
    assert report.skipped["before the first speaker"] == 2


@pytest.mark.parametrize(
    ("name", "text", "date", "origin"),
    [
        ("2026-03-13 weekly.txt", OTTER, "2026-03-13", "filename"),
        ("weekly.txt", OTTER_LONG, "2026-03-13", "heading"),
        ("weekly.txt", MEET, "2026-03-13", "heading"),
        ("weekly.md", MEET_MARKDOWN, "2026-03-13", "heading"),
        ("weekly.txt", TEAMS, "2026-03-13", "filename"),
        ("weekly.txt", b"Weekly, 13.03.2026\n\n" + OTTER, "2026-03-13", "heading"),
        ("weekly.txt", OTTER, None, "none"),
        ("2026-03-13.srt", SRT, "2026-03-13", "filename"),
        ("weekly.srt", SRT, None, "none"),
    ],
)
def test_a_transcript_is_dated_by_its_name_or_what_stands_above_it(tmp_path, name, text, date, origin):
    found, report = read_all(write(tmp_path / name, text))
    origin = "heading" if text is TEAMS else origin
    expected = (f"{date} 00:00:00+00:00", origin, "day") if date else ("None", "none", "none")
    assert {(str(m.timestamp), m.time_source, m.time_precision) for m in found} == {expected}
    assert bool(report.assumptions) == (date is None)


@pytest.mark.parametrize(("order", "date"), [("dmy", "2026-03-04"), ("mdy", "2026-04-03"), (None, "None")])
def test_a_date_in_figures_with_slashes_needs_an_order(tmp_path, order, date):
    found, _ = read_all(write(tmp_path / "a.txt", b"Weekly 04/03/2026\n\n" + OTTER), date_order=order)
    assert str(found[0].timestamp)[:10] == date


def test_a_day_in_the_future_is_told_once(tmp_path):
    path = write(tmp_path / "2099-01-01.srt", SRT)
    with pytest.raises(InputError, match="the date 2099-01-01 is in the future; mend the date in the name"):
        list(ts.read(path))


def test_nobody_is_called_unknown_speaker_and_their_turns_stay_apart(tmp_path):
    text = "Ana  0:01\nWe agreed.\n\nUnknown Speaker  0:05\nDid we?\n\nSpeaker 2  0:08\nYes.\n\nSpeaker 3  0:09\nNo.\n"
    turns, report = said(tmp_path, text)
    assert turns == [("Ana", "We agreed."), (None, "Did we?"), (None, "Yes."), (None, "No.")]
    assert report.files[0].details["speakers"] == 1


def test_one_speaker_goes_on_over_paragraphs_but_not_over_silence(tmp_path):
    text = "Ana  0:01\nOne.\n\nTwo: three.\n\nBo  0:05\nFour.\n\nBo  0:09\nFive.\n\nBo  9:00\nSix.\n"
    turns, report = said(tmp_path, text)
    assert turns == [("Ana", "One. Two: three."), ("Bo", "Four. Five."), ("Bo", "Six.")]
    assert report.skipped == {"joined with the cue before": 2}


def test_a_colon_inside_of_what_was_said_names_nobody(tmp_path):
    text = MEET.decode().replace("smaller step.\n", "smaller step.\nhere is the problem: nobody decides\n")
    turns, _ = said(tmp_path, text)
    assert turns[0] == ("Ana Silva", "We agreed on the smaller step. here is the problem: nobody decides")


def test_a_title_with_a_colon_is_no_speaker(tmp_path):
    text = "Sprint review: transcript of May\n" + MEET.decode().split("\n", 1)[1].replace("Transcript\n", "", 1)
    turns, _ = said(tmp_path, text)
    assert [author for author, _ in turns] == ["Ana Silva", "Bo"]


@pytest.mark.parametrize(
    "form",
    [
        "{} pm {}: We agreed.\n",
        "[{} PM] {}: We agreed.\n",
        "({}:00 p.m. - 3:00 p.m.) {}: We agreed.\n",
        "{1} ({0}PM): We agreed.\n",
        "{1}: ({0} P.M.) We agreed.\n",
        "{} PM - {}\nWe agreed.\n",
    ],
)
def test_halves_of_the_day_belong_to_the_time_and_not_to_the_name(tmp_path, form):
    turns = [("12:10", "Ana Berg"), ("1:02", "Bo"), ("2:05", "Ana Berg")]
    found, report = read_all(write(tmp_path / "call.txt", "".join(form.format(*turn) for turn in turns)))
    assert report.files[0].format == "transcript"
    assert [(m.author, m.text) for m in found] == [(name, "We agreed.") for _, name in turns]
    assert [m.meta["seconds"] for m in found] == [43_800, 46_920, 50_700]


def test_a_name_may_be_one_like_a_half_of_the_day(tmp_path):
    text = "12:08 am Bo: At night.\n12:10 Am Sander: We agreed.\n12:11 PM: So we did.\n"
    found, _ = read_all(write(tmp_path / "call.txt", text))
    assert [(m.author, m.meta["seconds"]) for m in found] == [("Bo", 480), ("Am Sander", 730), ("PM", 731)]


def test_names_with_particles_brackets_and_nicknames(tmp_path):
    text = "[0:01] Ana de la Cruz: A.\n[0:02] Bo Berg (Ops | EU): B.\n[0:03] stokes: C.\n[0:04] Þóra Łęcka-Öz: D.\n"
    turns, _ = said(tmp_path, text)
    assert [author for author, _ in turns] == ["Ana de la Cruz", "Bo Berg (Ops | EU)", "stokes", "Þóra Łęcka-Öz"]


def test_times_without_names_are_read_as_one_voice(tmp_path):
    turns, _ = said(tmp_path, "[00:00:01] We agreed.\n[00:00:04] Then we waited.\n[00:01:40] For legal.\n")
    assert turns == [(None, "We agreed. Then we waited."), (None, "For legal.")]


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ("00:00:1d,000 --> 00:00:12,000\nlost", "line 5: the times of this cue cannot be read; "),
        ("2\n00:12,000 -->\nlost", "line 6: the times of this cue cannot be read; "),
    ],
)
def test_a_cue_without_usable_times_is_quarantined_with_its_line(tmp_path, block, problem):
    path = write(
        tmp_path / "a.srt",
        f"1\n00:00:01,000 --> 00:00:02,000\nfirst\n\n{block}\n\n3\n00:00:20,000 --> 00:00:21,000\nlast\n",
    )
    found, report = read_all(path)
    assert [turn.text for turn in found] == ["first last"]
    assert [str(p) for p in report.problems] == [f"{path}, {problem}write them as 00:01:02.500 --> ..."]


def test_captions_with_an_empty_line_inside_lose_no_word(tmp_path):
    turns, report = said(
        tmp_path,
        "1\n00:00:01,000 --> 00:00:02,000\n>> Ana: We\n\nagreed.\n\n2\n\n"
        "3\n00:00:03,000 --> 00:00:04,000\n>> Ana: Yes.\n",
    )
    assert turns == [("Ana", "We agreed. Yes.")]
    assert report.skipped == {"empty": 1, "joined with the cue before": 2}


def test_two_voices_in_one_caption_are_two_turns(tmp_path):
    turns, report = said(
        tmp_path,
        "1\n00:00:01,000 --> 00:00:02,000\n- Ana: We\nagreed.\n- Bo: Yes.\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\n- Bo: Fine.\n",
    )
    assert turns == [("Ana", "We agreed."), ("Bo", "Yes. Fine.")]
    assert report.read == 3


def test_what_is_said_twice_without_captions_is_kept(tmp_path):
    turns, _ = said(tmp_path, "[00:00:01] No.\n[00:00:01] No.\n[00:00:01] No.\n")
    assert turns == [(None, "No. No. No.")]


def test_separators_that_end_no_line_stay_in_the_text(tmp_path):
    found, _ = read_all(write(tmp_path / "a.txt", OTTER.replace(b"agreed on", "agreed\u2028on".encode())))
    assert [(m.text, m.locator) for m in found] == [(EXPECTED[0]["text"], "line 2"), (EXPECTED[1]["text"], "line 5")]


def test_day_and_meeting_come_from_the_folder_if_the_file_says_nothing(tmp_path):
    for text, day in ((OTTER, "2026-02-19"), (OTTER_LONG, "2026-03-13")):
        path = tmp_path / "2026-02-19 10.00.34 Weekly" / "meeting_saved_closed_caption.txt"
        for given_path in (write(path, text), tmp_path):
            found, _ = read_all(given_path)
            assert {(str(m.timestamp.date()), m.channel) for m in found} == {(day, path.parent.name)}


def test_a_file_read_by_force_that_names_no_speaker_says_what_to_do(tmp_path):
    path = write(tmp_path / "a.txt", "We agreed.\n")
    with pytest.raises(InputError) as error:
        list(ts.read(path, format="transcript"))
    assert str(error.value) == f"{path}: names no speakers and no times; give it as notes (--format notes)"


def test_a_copy_of_a_transcript_is_read_once_and_another_one_of_that_name_too(tmp_path):
    seen = readers.Seen()
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    assert len(list(ts.read(write(tmp_path / "a/transcript.srt", SRT), seen=seen))) == 2
    assert list(ts.read(write(tmp_path / "b/transcript.srt", SRT), seen=seen)) == []
    other = write(tmp_path / "c/transcript.srt", SRT.replace(b":05,000", b":06,000"))
    assert [message.text for message in ts.read(other, seen=seen)] == ["Fine & done."]


@pytest.mark.parametrize(
    ("file", "cues", "words"),
    [
        ("srt/sample.srt", 5, ["#1", "#2", "#3", "#4", "#5"]),
        # One cue has no text.
        ("srt/missing_caption_text.srt", 5, ["#1", "#3", "#4", "#5"]),
        ("teams-transcript-txt/sample.txt", 3, ["Hello"] * 3),
    ],
)
def test_the_real_transcripts_have_their_true_cues_and_words(samples, file, cues, words):
    truth = {e["file"]: e["count"] for e in json.loads((samples / "manifest.json").read_text("utf-8"))}[file]
    assert truth.startswith(f"{cues} ")
    found, report = read_all(samples / file)
    [account] = report.files
    assert account.details["timing lines"] == cues == account.read
    assert re.findall(r"#\d|Hello", " ".join(message.text for message in found)) == words
    assert report.problems == ()
    if words[0] == "Hello":
        assert [message.author for message in found] == ["Person A", "Person B", "Person C"]


@pytest.mark.parametrize("name", VALID)
def test_damaged_transcripts_never_crash(folder, name):
    damage_never_crashes(folder / name, VALID[name], format="transcript", system=True)


@pytest.mark.parametrize("piece", ["A ", "0:00 ", "A 0:00\n", "[0:00] ", "0:0:0.0 --> ", "A:\n", "(", "a" * 50 + ": "])
def test_hostile_lines_take_time_in_proportion_to_their_length(tmp_path, piece):
    from time import process_time

    path = write(tmp_path / "a.txt", piece * (200_000 // len(piece)))
    begin = process_time()
    transcripts.sniff(open_file(path))
    with contextlib.suppress(InputError):
        list(ts.read(path, format="transcript"))
    assert process_time() - begin < 3
