import json
import re
import tomllib
import zipfile

import pytest
from fake_tagger import message
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.draft import draft
from textsignals.pipeline import Outcome, Settings
from textsignals.survey import Survey, review, survey
from textsignals.team_file import load_teams
from textsignals.teams import Input

PAYMENTS, ROUTING = range(1, 7), range(10, 17)
CHANNELS = {
    "payments": PAYMENTS,
    "payments-standup": PAYMENTS,
    "retro-payments": PAYMENTS,
    "standup": PAYMENTS,
    "blue-room": PAYMENTS,
    "routing": ROUTING,
    "general": [*PAYMENTS, *ROUTING],
    "random": [*PAYMENTS, *ROUTING],
    "alerts-prod": [19],
    "mpdm-quorra1--quorra2-1": [1, 2],
}


def day(channel, number):
    wrote = CHANNELS[channel]
    at = 1_767_600_000 + 10_000 * number
    return [
        {"type": "message", "user": f"U{who}", "ts": f"{at + i}.000000", "text": f"Words {number} {i}."}
        for i, who in enumerate(wrote)
    ]


@pytest.fixture
def export(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("export.zip", "w") as opened:
        users = [{"id": f"U{i}", "name": f"quorra{i}", "real_name": f"Quorra {i}"} for i in range(20)]
        opened.writestr("users.json", json.dumps(users))
        listed = [
            {"id": f"C{i}", "name": name, "members": [f"U{m}" for m in members]}
            for i, (name, members) in enumerate(CHANNELS.items())
            if not name.startswith("mpdm")
        ]
        opened.writestr("channels.json", json.dumps(listed))
        for number, name in enumerate(CHANNELS):
            opened.writestr(f"{name}/2026-01-05.json", json.dumps(day(name, number)))
    (tmp_path / "notes" / "payments").mkdir(parents=True)
    (tmp_path / "notes" / "payments" / "2026-03-01.md").write_text("# Retro\n\n- One thing went well.\n")
    return ["export.zip", "notes"]


def drafted(inputs, **more):
    return draft(survey(inputs, Settings(), Outcome()), inputs, **more)


def patterns(text):
    return {name: {kind: list(v) for kind, v in team.items()} for name, team in tomllib.loads(text)["teams"].items()}


def test_channels_and_folders_are_put_together_by_name_and_by_people(export):
    text = drafted(export)
    assert patterns(text) == {
        "payments": {
            "files": ["payments/**"],
            "channels": ["payments", "payments-standup", "retro-payments", "standup"],
        },
        "routing": {"channels": ["routing"]},
        "blue-room": {"channels": ["blue-room"]},
    }
    assert re.search(r'"standup", +# 6 records, .*, by its people\n', text)
    assert re.search(r'"blue-room",  # 6 records, .*, its people are those of "payments"\n', text)
    assert '#     "general",  # channel, 13 records, authors: 13, members: 13, ' in text
    assert '    # "alerts-prod",  # 1 record, authors: fewer than 5, members: fewer than 5, ' in text
    assert '    # "random",  # 13 records' in text
    assert '    # "direct messages",  # 2 records, authors: fewer than 5, ' in text


def test_a_draft_claims_what_it_lists(export, tmp_path):
    (tmp_path / "teams.toml").write_text(drafted(export))
    found = review(export, Settings(teams=load_teams("teams.toml")), Outcome())
    assert {name: part.records for name, part in found.parts.items()} == {
        "payments": 25,
        "routing": 7,
        "blue-room": 6,
        "unassigned": 13 + 13 + 1 + 2,
    }
    assert not found.conflicts and found.matched == set(found.teams.patterns) == found.agreeing


def test_no_person_is_in_a_draft_unless_asked_for_and_then_in_comments(export):
    assert "quorra" not in drafted(export).lower()
    text = drafted(export, with_authors=True)
    assert "# THERE ARE NAMES OF PEOPLE in this file" in text
    named = [line for line in text.splitlines() if "Quorra" in line]
    assert named[:2] == ['#     "Quorra 1",', '#     "Quorra 2",'] and len(named) == 13
    assert all(line.startswith("#") for line in named)
    assert "quorra1--" not in text


def test_teams_that_records_name_are_in_the_draft_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"Person {i % 7},{['Payments EU', 'payments eu', 'Sales'][i % 3]},Words {i}.\n" for i in range(30))
    (tmp_path / "standups.csv").write_text("author,team,text\n" + rows)
    text = drafted(["standups.csv"])
    assert patterns(text) == {"Payments EU": {}, "Sales": {}}
    assert "own = true  # 30 records name a team themselves" in text
    assert "# 20 records, authors: 7, named by the records themselves" in text
    assert 'standups.csv"' not in text


def test_one_team_over_channels_of_several_is_a_company(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"Ann,acme,{c},Words {c}.\n" for c in ("payments", "routing", "general"))
    (tmp_path / "chat.csv").write_text("author,team,channel,text\n" + rows)
    text = drafted(["chat.csv"])
    assert patterns(text) == {"payments": {"channels": ["payments"]}, "routing": {"channels": ["routing"]}}
    assert tomllib.loads(text)["own"] is False


def test_what_names_no_team_is_one_team_named_after_the_input(tmp_path, monkeypatch):
    (tmp_path / "squad").mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "squad" / "retro.csv").write_text("author,text\nAnn,Words here.\n")
    assert patterns(drafted(["squad"])) == {"squad": {"files": ["retro.csv"]}}


def test_damaged_lists_of_members_do_no_harm(export, tmp_path):
    with zipfile.ZipFile("odd.zip", "w") as opened:
        opened.writestr("channels.json", '[{"id": "C1"}, 3]')
        opened.writestr("payments/2026-01-05.json", json.dumps(day("payments", 0)))
    assert "payments" in patterns(drafted(["odd.zip", "gone.zip"]))


names = st.text(min_size=1, max_size=12)


@given(st.lists(st.tuples(names, st.none() | names, st.none() | names, names), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_every_draft_can_be_read_whatever_the_names_are(tmp_path_factory, found):
    path = tmp_path_factory.mktemp("drafts") / "teams.toml"
    counted = Survey()
    for author, team, channel, file in found:
        note = message("Plain.", author=author, team=team, channel=channel, file=f"in/{file}")
        counted.add(note, Input("in"), Settings().tz)
    path.write_bytes(draft(counted, ["in\n\x1b", "a\udc80"], with_authors=True).encode())
    assert load_teams(path).names
