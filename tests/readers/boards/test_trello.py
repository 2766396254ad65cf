from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from damage import JSON, damage_never_crashes, read_anyway
from exports import read_all, write
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.errors import InputError
from textsignals.readers import sniff
from textsignals.readers.boards import trello

# Made on 13 March 2026 at 10:00 UTC, as the first eight signs of the ids say.
BORN = f"{1773396000:08x}"
CARD, OLD, ITEM = (BORN + tail * 16 for tail in "abc")


def action(sort, **data):
    return {
        "id": f"act-{sort}-{data.get('text', '')}",
        "idMemberCreator": "m1",
        "type": sort,
        "date": "2026-03-14T09:30:00.000Z",
        "data": {"card": {"id": CARD, "name": "Login"}, **data},
        "memberCreator": {"id": "m1", "fullName": "Ana Ruiz", "username": "ana"},
    }


BOARD = {
    "id": "b1",
    "name": "Retro 12",
    "desc": "How we **work**",
    "shortLink": "x",
    "idOrganization": None,
    "labelNames": {"green": ""},
    "dateLastActivity": "2026-03-14T10:00:00.000Z",
    "actions": [
        action("commentCard", text="> theirs\n\nI wait for [legal](https://example.org) @bo"),
        action("commentCard", text="> only theirs"),
        action("copyCommentCard", text="copied"),
        action("updateCard", old={"closed": False}),
        {**action("createCard"), "date": "2026-03-13T10:00:01.000Z"},
    ],
    "cards": [
        {
            "id": CARD,
            "name": "Login is slow",
            "desc": "We [measured](https://example.org) it\n```\ncode\n```\n- so slow",
            "idList": "l1",
            "closed": False,
            "labels": [{"name": "web", "color": "green"}],
            "badges": {"votes": 3},
            "attachments": [{"name": "shot.png"}],
            "dateLastActivity": "2026-03-20T10:00:00.000Z",
        },
        {"id": OLD, "name": "Old one", "desc": "", "idList": "l2", "closed": True, "labels": [], "badges": {}},
        {"id": "", "name": "---", "idList": "l1"},
    ],
    "lists": [{"id": "l1", "name": "To improve", "closed": False}, {"id": "l2", "name": "Done", "closed": True}],
    "members": [{"id": "m1", "fullName": "Ana Ruiz", "username": "ana"}],
    "checklists": [
        {
            "id": "k1",
            "idCard": CARD,
            "name": "Steps",
            "checkItems": [{"id": ITEM, "name": "Ask legal", "state": "complete"}, {"id": "", "name": ""}],
        }
    ],
}
VALID = {"board.json": json.dumps(BOARD).encode()}
TEXTS = [
    ("note", "How we work"),
    ("comment", "I wait for legal @bo"),
    ("card", "Login is slow\nWe measured it\nso slow"),
    ("card", "Old one"),
    ("action_item", "Ask legal"),
]


def read_board(folder, board, **options):
    return read_all(write(folder / "board.json", board), **options)


@pytest.mark.parametrize(
    "board",
    [
        BOARD,
        ("\ufeff" + json.dumps(BOARD, indent=1)).encode(),
        # The order of the parts is not fixed.
        dict(reversed(BOARD.items())),
    ],
)
def test_dialects_of_one_board_are_read_alike(folder, board):
    found, report = read_board(folder, board)
    assert sorted((m.kind, m.text) for m in found) == sorted(TEXTS)
    assert {m.channel for m in found} == {"Retro 12"}
    assert report.skipped == {"quote": 1, "forwarded": 1, "updateCard": 1, "createCard": 1, "heading": 1, "empty": 1}
    assert (report.problems, report.files[0].format) == ((), "trello")


def test_a_card_has_its_list_labels_votes_and_time(folder):
    found, report = read_board(folder, BOARD)
    card, old = (m for m in found if m.kind == "card")
    assert (card.id, card.section, card.votes, card.author) == (f"trello:{CARD}", "To improve", 3, "Ana Ruiz")
    assert (card.meta, card.attachments) == ({"labels": ["web"]}, ("shot.png",))
    assert card.timestamp == datetime(2026, 3, 13, 10, 0, 1, tzinfo=UTC)
    # Nobody is known to have made it, but its id says when.
    assert (old.timestamp, old.author) == (datetime(2026, 3, 13, 10, tzinfo=UTC), None)
    assert (old.meta, old.section) == ({"archived": True}, "Done")
    expected = {"cards": 3, "archived cards": 1, "lists": 2, "members": 1, "checklists": 1, "actions": 5}
    assert {key: report.files[0].details[key] for key in expected} == expected


def test_a_comment_and_an_item_belong_to_their_card(folder):
    found, _ = read_board(folder, BOARD)
    [comment] = (m for m in found if m.kind == "comment")
    [item] = (m for m in found if m.kind == "action_item")
    assert (comment.author, comment.author_id, comment.thread_id) == ("Ana Ruiz", "m1", CARD)
    assert (comment.section, f"{comment.timestamp:%F %R}") == ("To improve", "2026-03-14 09:30")
    assert (item.reply_to, item.section, item.meta) == (CARD, "To improve", {"checklist": "Steps", "done": True})
    assert item.locator == "checklist 1, item 1"


@pytest.mark.parametrize(
    ("card", "place", "problem"),
    [
        ("no card", "card 2", "is damaged (TypeError); export the board again"),
        (
            {"id": "x", "name": "a", "dateLastActivity": "soon"},
            "card 2",
            "is damaged (ValueError); export the board again",
        ),
        ({"id": "ffffffff" + "a" * 16, "name": "a"}, "card 2", "the date 2106-02-07 is in the future"),
    ],
)
def test_a_bad_card_is_quarantined_and_the_others_are_read(folder, card, place, problem):
    found, report = read_board(folder, {**BOARD, "cards": [BOARD["cards"][0], card, BOARD["cards"][1]]})
    assert [m.text for m in found if m.kind == "card"] == [TEXTS[2][1], "Old one"]
    assert [str(p) for p in report.problems] == [f"{folder / 'board.json'}, {place}: {problem}"]


def test_a_board_that_is_cut_off_is_read_up_to_there(folder):
    data = json.dumps(BOARD).encode()
    found, report = read_board(folder, data[: data.index(b'"members"')])
    assert [m.kind for m in found] == ["note", "comment", "card", "card"]
    assert [m.section for m in found if m.kind == "card"] == ["To improve", "Done"]
    assert "is not complete JSON" in str(report.problems[0])


def test_json_of_another_kind_cannot_be_read_as_a_board(folder):
    with pytest.raises(InputError, match="holds no cards; export the board as JSON"):
        read_board(folder, {"some": "thing"}, format="trello")


@pytest.mark.parametrize(
    ("name", "data", "sure"),
    [
        ("b.json", BOARD, 1.0),
        ("b.txt", {key: BOARD[key] for key in ("name", "cards", "lists")}, 1.0),
        ("b.json", {"name": "x", "type": "personal_chat", "messages": [{"id": 1, "type": "message"}]}, 0.0),
        ("b.json", {"guild": {}, "channel": {}, "messages": []}, 0.0),
        ("b.json", {"cards": [], "lists": []}, 0.0),
    ],
)
def test_which_json_is_a_board(tmp_path, name, data, sure):
    found = sniff(write(tmp_path / name, json.dumps(data)))
    assert found == (trello.NAME, 1.0) if sure else found[0] != trello.NAME


def test_the_board_of_the_samples_has_its_true_counts(samples):
    [card], report = read_all(samples / "trello/data-trelloJson.json")
    # 1 card (0 closed), 1 list, 1 member, 0 checklists, 5 actions of the software.
    assert report.files[0].details == {
        "cards": 1,
        "archived cards": 0,
        "lists": 1,
        "members": 1,
        "checklists": 0,
        "actions": 5,
        "action addMemberToCard": 1,
        "action createBoard": 1,
        "action createCard": 1,
        "action createList": 1,
        "action removeMemberFromCard": 1,
    }
    assert (card.text, card.section, card.channel) == ("Name Card 7", "TODO", "Test Board Name")
    assert (report.read, report.yielded) == (6, 1)


def test_damaged_exports_never_crash(folder):
    damage_never_crashes(folder / "damaged.json", VALID["board.json"], format="trello")


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*BOARD["cards"][0], "cardRole", "isTemplate"]), JSON, max_size=4),
    st.dictionaries(st.sampled_from(list(BOARD["actions"][0])), JSON, max_size=4),
    st.dictionaries(st.sampled_from(["lists", "members", "checklists", "desc", "name"]), JSON, max_size=3),
)
def test_fields_of_any_type_never_crash(folder, card, act, parts):
    path = folder / "fields.json"
    cards = [BOARD["cards"][0] | card, BOARD["cards"][1]]
    board = {**BOARD, "cards": cards, "actions": [BOARD["actions"][0] | act], **parts}
    path.write_text(json.dumps(board))
    messages = read_anyway(path, format="trello")
    assert "Old one" in [m.text for m in messages]
