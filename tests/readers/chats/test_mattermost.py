from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from damage import JSON, MANY, damage_never_crashes, read_anyway
from exports import read_all, write, write_zip
from hypothesis import given
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff

T = 1_773_396_000_000
HEAD = [
    {"type": "version", "version": 1},
    {"type": "team", "team": {"name": "depots", "display_name": "The depots"}},
    {"type": "channel", "channel": {"team": "depots", "name": "late", "display_name": "Too late"}},
    {"type": "user", "user": {"username": "ana", "first_name": "Ana", "last_name": "Sol", "nickname": "A"}},
    {"type": "user", "user": {"username": "bo", "first_name": "", "last_name": "", "nickname": "Bobo"}},
    {"type": "user", "user": {"username": "cy", "nickname": None}},
    {"type": "bot", "bot": {"username": "ci", "display_name": "Builds", "owner": "ana"}},
]


def post(message="We ship on Monday.", **fields):
    about = {"team": "depots", "channel": "late", "user": "ana", "message": message, "create_at": T}
    return {"type": "post", "post": about | {"reactions": None, "replies": None} | fields}


def direct(message, **fields):
    about = {"channel_members": ["bo", "ana"], "user": "bo", "message": message, "create_at": T}
    return {"type": "direct_post", "direct_post": about | fields}


def api_post(id_="p1", message="We ship on Monday.", **fields):
    return {
        "id": id_,
        "create_at": T,
        "update_at": T,
        "edit_at": 0,
        "delete_at": 0,
        "user_id": "u1",
        "channel_id": "c1",
        "root_id": "",
        "message": message,
        "type": "",
        "props": {},
    } | fields


def page(*posts):
    return {"order": [p["id"] for p in posts], "posts": {p["id"]: p for p in posts}, "next_post_id": ""}


def jsonl(*entries):
    return "".join(json.dumps(entry) + "\n" for entry in entries)


VALID = {
    "mattermost.jsonl": jsonl(
        *HEAD,
        post(
            replies=[{"user": "bo", "message": "> ship\nFine.", "create_at": T + 1}], attachments=[{"path": "a/b.pdf"}]
        ),
        post("bo joined the channel.", user="bo"),
        direct("Between us", reactions=[{"user": "ana", "create_at": T, "emoji_name": "+1"}]),
    ).encode(),
    "page.json": json.dumps(
        page(api_post(), api_post("p2", "Fine.", root_id="p1", props={"from_bot": "true"})), indent=1
    ).encode(),
}


def read(tmp_path, data, name="a.jsonl", **options):
    return read_all(write(tmp_path / name, data), **options)


def read_posts(tmp_path, *posts, **options):
    return read(tmp_path, jsonl(*HEAD, *posts), **options)


# ---- the real export ----


def test_the_real_export_has_its_true_counts(samples):
    path = samples / "mattermost" / "zulip-fixture-export.jsonl"
    entries = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    posts = [entry["post"] for entry in entries if entry["type"] == "post"]
    replies = [reply for p in posts for reply in p["replies"] or ()]
    found, report = read_all(path)
    [account] = report.files
    assert (account.format, account.read, account.yielded) == ("mattermost", 21, 13)
    assert account.skipped == {"join or leave": 8}
    assert account.details == Counter(entry["type"] for entry in entries) | {
        "lines": 35,
        "reply": 1,
        "notices as text": 8,
        "by applications": 0,
    }
    said = [p for p in (*posts, *replies) if "joined the" not in p["message"] and "added to" not in p["message"]]
    assert len(said) == 13
    expected = Counter((p["user"], p["message"], p["create_at"]) for p in said)
    assert Counter((m.author_id, m.text, round(m.timestamp.timestamp() * 1000)) for m in found) == expected
    assert Counter((m.channel, m.team) for m in found if not m.reply_to) == Counter(
        (p["channel"], p["team"]) for p in said if "team" in p
    )
    assert sum(sum(m.reactions.values()) for m in found) == sum(len(p["reactions"] or ()) for p in posts)
    everything = list(ts.read(path, system=True))
    assert len({m.author_id for m in everything}) == 4
    times = sorted(m.timestamp for m in everything)
    assert [f"{t:%Y-%m-%d %H:%M:%S}" for t in (times[0], times[-1])] == ["2019-03-21 10:45:41", "2019-03-21 11:15:16"]


def test_the_real_reply_is_earlier_than_the_notice_it_answers(samples):
    found = list(ts.read(samples / "mattermost" / "zulip-fixture-export.jsonl", system=True))
    [reply] = [m for m in found if m.reply_to]
    [root] = [m for m in found if m.id == reply.reply_to]
    assert root.skip == "join or leave"
    assert reply.timestamp < root.timestamp
    assert (reply.channel, reply.team, reply.thread_id) == (root.channel, root.team, root.id)


# ---- bulk export ----


@pytest.mark.parametrize(
    "text",
    [
        jsonl(*HEAD, post()),
        "\ufeff" + jsonl(*HEAD, post()).replace("\n", "\r\n"),
        jsonl(HEAD[0] | {"info": {"generator": "x"}}, *HEAD[1:], {"type": "role", "role": {}}, post(type="", props={})),
        # Keys in another order, blank lines, and entries that came later than this was written.
        json.dumps({"version": 1, "type": "version"}) + "\n\n" + jsonl(*HEAD[1:], {"type": "new", "new": {}}, post()),
        # A piece of an export without its first lines.
        jsonl(*HEAD[3:], post()),
    ],
)
def test_dialects_of_the_bulk_export_are_read_alike(tmp_path, text):
    [found], report = read(tmp_path, text)
    assert (found.text, found.author, found.author_id) == ("We ship on Monday.", "Ana Sol", "ana")
    assert (found.channel, found.team, found.thread_id, found.reply_to) == ("late", "depots", None, None)
    assert found.timestamp == datetime.fromtimestamp(T / 1000, UTC)
    assert (found.time_source, found.time_precision, found.tz_assumed, found.kind) == (
        *("record", "second", False, "message"),
    )
    assert report.problems == ()


def test_names_are_those_of_the_users_in_the_export(tmp_path):
    found, _ = read_posts(tmp_path, *(post(user=user) for user in ("ana", "bo", "cy", "dee")))
    assert [(m.author, m.author_id) for m in found] == [
        ("Ana Sol", "ana"),
        ("Bobo", "bo"),
        ("cy", "cy"),
        ("dee", "dee"),
    ]


def test_a_team_that_does_not_hold_the_channel_is_kept_as_the_post_says(tmp_path):
    [found], _ = read_posts(tmp_path, post(team="claims"))
    assert (found.team, found.channel) == ("claims", "late")


def test_replies_belong_to_their_post_even_if_they_are_earlier(tmp_path):
    replies = [{"user": "bo", "message": f"Reply {i}", "create_at": T - i, "edit_at": T} for i in (1, 2)]
    found, report = read_posts(tmp_path, post(replies=replies, edit_at=0))
    assert [(m.text, m.locator, m.edited) for m in found] == [
        ("We ship on Monday.", "line 8", False),
        ("Reply 1", "line 8, reply 1", True),
        ("Reply 2", "line 8, reply 2", True),
    ]
    root = found[0].id
    assert [(m.thread_id, m.reply_to) for m in found] == [(root, None), (root, root), (root, root)]
    assert report.files[0].details["reply"] == 2


def test_direct_posts_have_no_team_and_do_not_name_their_members(tmp_path):
    found, _ = read_posts(
        tmp_path, direct("Between us"), direct("Between us", channel_members=["ana", "bo", "cy"]), direct("Between us")
    )
    assert {(m.channel, m.team, m.author) for m in found} == {("direct messages", None, "Bobo")}
    # The same words in two channels are two messages.
    assert len({m.id for m in found}) == 3


def test_ids_are_the_same_in_two_exports_that_overlap(tmp_path):
    (tmp_path / "a.jsonl").write_text(jsonl(*HEAD, post(), direct("x")))
    (tmp_path / "b.jsonl").write_text(jsonl(*HEAD, post("Later.", create_at=T + 9), direct("x"), post()))
    reading = ts.read(tmp_path)
    assert len(list(reading)) == 3
    assert reading.report.skipped == {"duplicate": 2}


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("ana joined the channel.", "ana"),
        ("@ana has joined the channel.", "ana"),
        ("ana joined the channel as a guest.", "ana"),
        ("ana joined the team.", "ana"),
        ("ana left the team.", "ana"),
        ("ana has left the channel.", "ana"),
        ("bo added to the channel by ana.", "ana"),
        ("@bo added to the channel as a guest by @ana.", "ana"),
        ("bo was removed from the team.", "ana"),
        ("bo removed from the channel.", "ana"),
    ],
)
def test_joins_given_as_plain_text_are_recognised(tmp_path, text, user):
    found, report = read_posts(tmp_path, post(text, user=user))
    assert found == []
    assert report.skipped == {"join or leave": 1}


@pytest.mark.parametrize(
    "text",
    [
        "ana updated the channel header to: Late again",
        "ana updated the channel display name from: a to: b",
        "ana removed the channel header (was: a\nb)",
        "ana archived the channel.",
    ],
)
def test_changes_of_channels_given_as_plain_text_are_recognised(tmp_path, text):
    _, report = read_posts(tmp_path, post(text))
    assert report.skipped == {"channel change": 1}


@pytest.mark.parametrize(
    "text",
    [
        # What people say of each other is just what is looked for.
        "bo left the team.",
        "Everybody left the team.",
        "She joined the channel.",
        "ana left the team. Nobody told us.",
        "dee was added to the channel by bo.",
        "bo archived the channel.",
    ],
)
def test_sentences_of_people_that_resemble_notices_are_kept(tmp_path, text):
    found, _ = read_posts(tmp_path, post(text))
    assert [m.text for m in found] == [text]


@pytest.mark.parametrize(
    ("fields", "skip", "kind"),
    [
        ({"type": "system_join_channel"}, "system_join_channel", "system"),
        ({"type": "system_header_change"}, "system_header_change", "system"),
        ({"type": "custom_calls"}, "custom_calls", "system"),
        ({"user": "ci"}, "bot", "system"),
        ({"props": {"from_webhook": "true", "override_username": "CI"}, "type": "slack_attachment"}, "bot", "system"),
        ({"props": {"from_bot": "true"}, "type": "custom_run_update"}, "bot", "system"),
        ({"delete_at": T}, "deleted", "message"),
        ({"message": ""}, "empty", "message"),
        ({"message": "", "attachments": [{"path": "x/y/plan.pdf"}]}, "media only", "message"),
        ({"message": "> we are late\n>again"}, "quote", "message"),
    ],
)
def test_what_is_not_said_by_a_person_is_left_out_by_reason(tmp_path, fields, skip, kind):
    found, report = read_posts(tmp_path, post(**fields), system=True)
    assert [(m.skip, m.kind) for m in found] == [(skip, kind)]
    _, report = read_posts(tmp_path, post(**fields))
    assert report.skipped == {skip: 1}


def test_texts_are_as_people_saw_them_without_quotes(tmp_path):
    text = '> @bo: late\n\n@bo see ~late and [the plan](https://example.org/a_(b) "title")\n```\n> prompt\n```'
    [found], _ = read_posts(tmp_path, post(text, type="me"))
    assert found.text == "@bo see ~late and the plan\n```\n> prompt\n```"


def test_reactions_and_files_are_kept(tmp_path):
    reactions = [
        {"user": u, "create_at": T, "emoji_name": name} for u, name in [("bo", "+1"), ("cy", "+1"), ("cy", "x")]
    ]
    [found], _ = read_posts(tmp_path, post(reactions=reactions, attachments=[{"path": "20260313/teams/x/plan.pdf"}]))
    assert (found.reactions, found.attachments) == ({"+1": 2, "x": 1}, ("plan.pdf",))


def test_standup_bots_post_words_of_members(tmp_path):
    card = {"title": "Blockers?", "text": "Waiting for legal", "fields": [{"title": "Today", "value": "Nothing"}]}
    props = {"from_webhook": "true", "override_username": "Geekbot", "attachments": [card]}
    [found], _ = read_posts(tmp_path, post("Ana posted", props=props, type="slack_attachment"))
    assert (found.text, found.kind, found.is_bot) == (
        *("Ana posted\nBlockers?\nWaiting for legal\nToday\nNothing", "status", True),
    )


@pytest.mark.parametrize("wrapper", ["", "export/"])
@pytest.mark.parametrize("name", ["import.jsonl", "mattermost.json"])
def test_a_zip_is_read_without_the_files_attached(tmp_path, wrapper, name):
    files = {
        name: jsonl(*HEAD, post()),
        "data/20260313/plan.md": "- Not a message of the export\n",
        "data/emoji/x.png": b"\x89PNG",
    }
    found, report = read_all(write_zip(tmp_path / "a.zip", {f"{wrapper}{k}": v for k, v in files.items()}))
    assert [m.text for m in found] == ["We ship on Monday."]
    [account] = report.files
    assert account.details["attached files"] == 2


def test_a_folder_with_other_things_is_read_file_by_file(tmp_path):
    (tmp_path / "export.jsonl").write_text(jsonl(*HEAD, post()))
    (tmp_path / "retro.md").write_text("- We argued a lot\n")
    reading = ts.read(tmp_path)
    assert len(list(reading)) == 2
    assert sorted(f.format for f in reading.report.files) == ["mattermost", "notes"]


def test_a_post_with_very_many_replies_is_one_line_still(tmp_path):
    replies = [{"user": "bo", "message": "word " * 100, "create_at": T + i} for i in range(3_000)]
    found, report = read_posts(tmp_path, post(replies=replies), post("Last."))
    assert len(found) == 3_002
    assert report.problems == ()


@pytest.mark.parametrize(
    ("line", "place", "problem"),
    [
        ("{", "line 8", "is not an entry of a bulk export; export it again"),
        ("[]", "line 8", "is not an entry of a bulk export; export it again"),
        ('{"type": "post"}', "line 8", "is not an entry of a bulk export; export it again"),
        ('{"type": "post", "post": []}', "line 8", "is not an entry of a bulk export; export it again"),
        (json.dumps(post(create_at=0)), "line 8", "it has no time"),
        (json.dumps(post(create_at="x")), "line 8", "is damaged; export it again"),
        (json.dumps(post(create_at=T * 10)), "line 8", "the date 2531-12-20 is in the future"),
        (json.dumps(post(create_at=5_000)), "line 8", "the date 1970-01-01 is before 1990"),
        (json.dumps(post(replies=["x"])), "line 8, reply 1", "is not a post"),
    ],
)
def test_damaged_lines_are_quarantined_and_stop_no_other(tmp_path, line, place, problem):
    found, report = read(tmp_path, jsonl(*HEAD) + line + "\n" + jsonl(post("Last.")))
    assert found[-1].text == "Last."
    assert [str(p) for p in report.problems] == [f"{tmp_path / 'a.jsonl'}, {place}: {problem}"]


# ---- pages of the API ----


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(page(api_post())),
        json.dumps(page(api_post()), indent=2),
        json.dumps([page(api_post())]),
        json.dumps([api_post()]),
        json.dumps({"posts": [api_post()], "order": ["p1"]}),
        jsonl(page(api_post()), page()),
        jsonl(api_post()),
    ],
)
def test_pages_of_the_api_are_read_alike(tmp_path, data):
    [found], report = read(tmp_path, data, "page.json")
    assert (found.id, found.text, found.author_id, found.channel) == (
        *("mattermost:p1", "We ship on Monday.", "u1", "c1"),
    )
    assert found.timestamp == datetime.fromtimestamp(T / 1000, UTC)
    assert (found.thread_id, found.reply_to, found.locator) == (None, None, "post 1")
    assert report.problems == ()


def test_posts_of_a_page_that_are_not_in_its_order_are_read_too(tmp_path):
    data = page(api_post("p2", "Fine.", root_id="p1"))
    data["posts"]["p1"] = api_post(reply_count=1)
    found, _ = read(tmp_path, data, "page.json")
    assert {(m.id, m.thread_id, m.reply_to) for m in found} == {
        ("mattermost:p1", "p1", None),
        ("mattermost:p2", "p1", "p1"),
    }


@pytest.mark.parametrize(
    ("fields", "skip"),
    [
        ({"type": "system_join_channel", "message": "ana joined the channel."}, "system_join_channel"),
        ({"message": "ana joined the channel.", "props": {"username": "ana"}}, "join or leave"),
        ({"delete_at": T}, "deleted"),
        ({"props": {"from_bot": "true"}}, "bot"),
        ({"message": "", "file_ids": ["f1"]}, "media only"),
    ],
)
def test_what_is_not_said_by_a_person_is_left_out_of_pages_too(tmp_path, fields, skip):
    _, report = read(tmp_path, page(api_post(**fields)), "page.json")
    assert report.skipped == {skip: 1}


def test_reactions_edits_and_files_of_pages_are_kept(tmp_path):
    metadata = {"files": [{"name": "plan.pdf"}], "reactions": [{"emoji_name": "+1"}, {"emoji_name": "+1"}]}
    [found], _ = read(tmp_path, page(api_post(metadata=metadata, edit_at=T + 5)), "page.json")
    assert (found.attachments, found.reactions, found.edited) == (("plan.pdf",), {"+1": 2}, True)


def test_a_page_that_begins_with_very_many_ids_is_recognised(tmp_path):
    found, _ = read(tmp_path, page(*(api_post(f"{i:026}") for i in range(3_000))), "page.json")
    assert len(found) == 3_000


def test_pages_that_overlap_are_counted_once(tmp_path):
    for name in ("1.json", "2.json"):
        (tmp_path / name).write_text(json.dumps(page(api_post())))
    reading = ts.read(tmp_path)
    assert len(list(reading)) == 1
    assert reading.report.skipped == {"duplicate": 1}


def test_an_empty_page_is_no_error_but_another_file_is(tmp_path):
    found, report = read(tmp_path, page(), "page.json", format="mattermost")
    assert (found, report.read) == ([], 0)
    with pytest.raises(InputError) as error:
        read(tmp_path, '{\n"rows": 1}', "b.json", format="mattermost")
    assert (
        str(error.value)
        == f"{tmp_path / 'b.json'}: holds no posts of Mattermost; give the bulk export or pages of posts"
    )


# ---- whose file is it ----


@pytest.mark.parametrize("name", VALID)
def test_files_of_mattermost_are_recognised(tmp_path, name):
    format_, sure = sniff(write(tmp_path / name, VALID[name]))
    assert format_ == "mattermost"
    assert sure >= 0.9


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("slack.json", b'[{"type": "message", "user": "U1", "text": "a", "ts": "1773396000.0001"}]'),
        ("lines.jsonl", b'{"type": "note", "text": "We ship", "date": "2026-03-13"}\n'),
        ("other.jsonl", b'{"type": "post", "text": "We ship"}\n'),
        ("e.json", b"{"),
        ("x.bin", bytes(range(256))),
    ],
)
def test_files_of_others_are_not_claimed(tmp_path, name, data):
    assert sniff(write(tmp_path / name, data))[0] != "mattermost"


# ---- damage ----


@pytest.mark.parametrize("name", VALID)
def test_damaged_files_never_crash(folder, name):
    damage_never_crashes(folder / name, VALID[name], format="mattermost", system=True)


@MANY
@given(
    st.dictionaries(st.sampled_from([*post()["post"], "type", "props", "attachments", "channel_members"]), JSON), JSON
)
def test_fields_of_any_type_never_crash(folder, fields, user):
    users = [{"type": "user", "user": {"username": user, "first_name": user}}, {"type": "bot", "bot": user}]
    path = write(folder / "fields.jsonl", jsonl(HEAD[0], *users, post(**fields), post("Last.")))
    assert read_anyway(path, format="mattermost", system=True)[-1].text == "Last."


@MANY
@given(st.dictionaries(st.sampled_from([*api_post(), "metadata", "file_ids"]), JSON))
def test_fields_of_pages_of_any_type_never_crash(folder, fields):
    path = write(folder / "page.json", [api_post() | fields, api_post("p9")])
    assert read_anyway(path, format="mattermost", system=True)[-1].id == "mattermost:p9"
