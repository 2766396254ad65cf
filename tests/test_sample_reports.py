from itertools import cycle

import pytest

from textsignals.cli import main

ENDINGS = ["html", "md", "csv", "json"]
INPUTS = [
    ("slack/houstondatavis-export-a.zip", "861 read = 605 messages"),
    ("slack/slack-export-viewer-testarchive.zip", "158 read = 50 messages"),
    ("slack/slackdump-source_export.zip", "16 read = 12 messages"),
    ("markdown", "0 quarantined"),
    ("vtt-zoom", "1,208 read = 300 messages"),
    ("standup-csv", "18 read = 15 messages + 3 skipped (3 no answer) + 0 quarantined"),
]


# Every input once, the endings in turn: what they have in common, reading and tagging, takes nearly all the time.
@pytest.mark.parametrize(("input_", "said", "ending"), [(*i, e) for i, e in zip(INPUTS, cycle(ENDINGS))])
def test_a_real_export_becomes_a_report(samples, runner, tmp_path, input_, said, ending):
    output = tmp_path / f"report.{ending}"
    result = runner.invoke(main, ["report", str(samples / input_), "-o", str(output)])
    assert result.exit_code == 0, result.output
    assert said in result.stderr
    assert result.stderr.endswith(f"Report: {output}\n")
    assert output.read_text(encoding="utf-8")


def test_a_report_that_may_show_no_team_says_why(samples, runner, tmp_path):
    output = tmp_path / "report.md"
    assert runner.invoke(main, ["report", str(samples / "standup-csv"), "-o", str(output), "-q"]).exit_code == 0
    text = output.read_text(encoding="utf-8")
    assert "No team has enough text to be shown" in text
    assert "not shown: standup-csv, undated: fewer than 30 sentences" in text
