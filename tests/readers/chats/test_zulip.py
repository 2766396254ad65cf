from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from damage import JSON, MANY, damage_never_crashes, read_anyway
from exports import read_all, tarred, write, write_folder, write_zip
from hypothesis import given
from hypothesis import strategies as st

import textsignals as ts
from textsignals.errors import InputError
from textsignals.readers import sniff

T = 1_773_396_000
REALM = {
    "zerver_realm": [{"id": 1, "string_id": "depots", "name": "Depots"}],
    "zerver_userprofile": [
        {"id": 11, "email": "user11@x.test", "delivery_email": "ana@x.test", "full_name": "Ana Sol", "is_bot": False},
        {"id": 12, "email": "bo@x.test", "full_name": "Bo", "is_bot": False},
        {"id": 13, "email": "ci-bot@x.test", "full_name": "Builds", "is_bot": True},
        {"id": 14, "email": "geekbot-bot@x.test", "full_name": "Geekbot", "is_bot": True},
    ],
    "zerver_userprofile_mirrordummy": [{"id": 15, "email": "cy@x.test", "full_name": "Cy", "is_bot": False}],
    "zerver_userprofile_crossrealm": [{"id": 5, "email": "notification-bot@zulip.com"}],
    "zerver_stream": [{"id": 21, "name": "payments", "invite_only": False}, {"id": 22, "name": "claims"}],
    "zerver_recipient": [
        {"id": 31, "type": 2, "type_id": 21},
        {"id": 32, "type": 2, "type_id": 22},
        {"id": 33, "type": 1, "type_id": 11},
        {"id": 34, "type": 1, "type_id": 12},
        {"id": 35, "type": 3, "type_id": 77},
    ],
    "zerver_huddle": [{"id": 77, "huddle_hash": "x"}],
}


def stored(id_=101, content="We ship on Monday.", **fields):
    """A message as an organisation's export holds it."""
    return {
        "id": id_,
        "sender": 11,
        "recipient": 31,
        "subject": "launch",
        "content": content,
        "rendered_content": f"<p>{content}</p>",
        "date_sent": T + 0.25,
        "edit_history": None,
        "last_edit_time": None,
    } | fields


def shown(id_=101, content="We ship on Monday.", **fields):
    """The same as the API shows it."""
    return {
        "id": id_,
        "sender_id": 11,
        "sender_full_name": "Ana Sol",
        "sender_email": "ana@x.test",
        "sender_realm_str": "depots",
        "type": "stream",
        "stream_id": 21,
        "display_recipient": "payments",
        "subject": "launch",
        "content": content,
        "content_type": "text/x-markdown",
        "timestamp": T,
        "reactions": [],
    } | fields


def html(content, **fields):
    return shown(**fields) | {"content": content, "content_type": "text/html"}


def without(entry, key):
    return {k: v for k, v in entry.items() if k != key}


def page(*messages):
    return {"result": "success", "msg": "", "messages": list(messages), "found_newest": True}


def organisation(*files, realm=REALM, base=""):
    parts = [{"zerver_message": messages, "zerver_usermessage": [{"id": 1, "message": 101}]} for messages in files]
    named = {f"{base}messages-{i:06}.json": json.dumps(part) for i, part in enumerate(parts, start=1)}
    extra = {"attachment.json": '{"zerver_attachment": []}', "uploads/2/ab/plan.md": "- Not a message\n"}
    return named | {f"{base}{name}": data for name, data in extra.items()} | {f"{base}realm.json": json.dumps(realm)}


VALID = {
    "page.json": json.dumps(
        page(
            shown(content="@**Bo|12** see #**claims>late** `x`\n```quote\nno\n```", reactions=[{"emoji_name": "+1"}]),
            html('<p>So <span class="user-mention silent">Bo</span></p><blockquote><p>no</p></blockquote>', id=102),
            shown(103, display_recipient=[{"id": 11}, {"id": 12}], type="private", subject=""),
        ),
        indent=1,
    ).encode(),
    "messages-000001.json": json.dumps({"zerver_message": [stored(), stored(102, recipient=34)]}).encode(),
    "export.tar.gz": tarred(organisation([stored(), stored(102, sender=13)], [stored(103)], base="zulip-export/")),
}


def read(tmp_path, data, name="page.json", **options):
    return read_all(write(tmp_path / name, data), **options)


def read_organisation(tmp_path, *files, **options):
    return read(tmp_path, tarred(organisation(*files)), "export.tar.gz", **options)


# ---- the real page ----


def test_the_real_page_has_its_true_counts(samples):
    path = samples / "zulip" / "message_page_1.json"
    raw = json.loads(path.read_text("utf-8"))["messages"]
    found, report = read_all(path)
    [account] = report.files
    assert (account.format, account.read, account.yielded, account.quarantined) == ("zulip", 2, 2, 0)
    assert [m.text for m in found] == [r["content"] for r in raw]
    assert [m.section for m in found] == ["Test subject 2", "Test subject 1"]
    assert {(m.author_id, m.channel) for m in found} == {(str(raw[0]["sender_id"]), raw[0]["display_recipient"])}
    assert sorted(f"{m.timestamp:%Y-%m-%d %H:%M:%S}" for m in found) == ["2019-02-25 03:55:55", "2019-02-25 03:56:46"]


# ---- both kinds, one list ----


EXPECTED = [
    {
        "id": f"zulip:101:{T}",
        "text": "We ship on Monday.",
        "author": "Ana Sol",
        "channel": "payments",
        "thread_id": "payments > launch",
        "section": "launch",
    },
    {
        "id": f"zulip:102:{T}",
        "text": "Fine.",
        "author": "Bo",
        "channel": "payments",
        "thread_id": "payments > launch",
        "section": "launch",
    },
    {
        "id": f"zulip:103:{T}",
        "text": "Between us.",
        "author": "Bo",
        "channel": "direct messages",
        "thread_id": "11+12",
        "section": None,
    },
]
STORED = [stored(), stored(102, "Fine.", sender=12), stored(103, "Between us.", sender=12, recipient=33, subject="")]
PAIR = [{"id": 12, "full_name": "Bo"}, {"id": 11, "full_name": "Ana Sol"}]
BO = {"sender_id": 12, "sender_full_name": "Bo", "sender_email": "bo@x.test"}
SHOWN = [
    shown(),
    shown(102, "Fine.", **BO),
    shown(103, "Between us.", type="private", display_recipient=PAIR, subject="", stream_id=None, **BO),
]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("export.tar.gz", lambda: tarred(organisation(STORED))),
        ("export.tar.gz", lambda: tarred(organisation(STORED[:2], STORED[2:], base="zulip-export-abc/"))),
        ("page.json", lambda: json.dumps(page(*SHOWN), indent=2)),
        ("page.json", lambda: "\ufeff" + json.dumps(page(*SHOWN))),
        ("pages.json", lambda: json.dumps([page(*SHOWN[:1]), page(*SHOWN[1:])])),
        ("list.json", lambda: json.dumps(SHOWN)),
        ("lines.jsonl", lambda: "\n".join(map(json.dumps, SHOWN))),
        ("html.json", lambda: json.dumps([html(f"<p>{m['content']}</p>", **without(m, "content")) for m in SHOWN])),
        ("old.json", lambda: json.dumps([without(m, "content_type") for m in SHOWN])),
    ],
)  # fmt: skip
def test_exports_and_pages_are_read_alike(tmp_path, name, make):
    found, report = read(tmp_path, make(), name)
    assert [{key: getattr(m, key) for key in EXPECTED[0]} for m in found] == EXPECTED
    assert {(m.kind, m.source, m.time_source, m.tz_assumed) for m in found} == {("message", "zulip", "record", False)}
    assert [int(m.timestamp.timestamp()) for m in found] == [T] * 3
    assert report.problems == ()


@pytest.mark.parametrize("writer", [write_folder, write_zip])
@pytest.mark.parametrize("base", ["", "zulip-export/"])
def test_an_organisation_in_a_folder_or_zip_is_one_export(tmp_path, writer, base):
    reading = ts.read(writer(tmp_path / ("x.zip" if writer is write_zip else "x"), organisation(STORED, base=base)))
    assert [m.text for m in reading] == [e["text"] for e in EXPECTED]
    [account] = reading.report.files
    assert account.format == "zulip"
    assert account.details == {
        "users": 6,
        "streams": 2,
        "files of messages": 1,
        "other files": 2,
        "by bots": 0,
        "direct": 1,
    }


def test_a_page_that_overlaps_with_the_export_is_counted_once(tmp_path):
    (tmp_path / "export.tar.gz").write_bytes(tarred(organisation(STORED)))
    (tmp_path / "page.json").write_text(json.dumps(page(*SHOWN)))
    reading = ts.read(tmp_path)
    assert len(list(reading)) == 3
    assert reading.report.skipped == {"duplicate": 3}


def test_two_servers_that_number_alike_do_not_collide(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(page(shown())))
    (tmp_path / "b.json").write_text(json.dumps(page(shown(timestamp=T + 1))))
    assert len(list(ts.read(tmp_path))) == 2


# ---- where messages go ----


def test_recipients_are_streams_pairs_of_people_and_groups(tmp_path):
    messages = [
        stored(1, recipient=32, subject="late"),
        stored(2, sender=12, recipient=33, subject=""),
        stored(3, sender=11, recipient=34, subject=""),
        stored(4, sender=11, recipient=33, subject=""),
        stored(5, recipient=35, subject=""),
        stored(6, recipient=99, subject="lost"),
        stored(7, recipient=32, subject=""),
    ]
    found, _ = read_organisation(tmp_path, messages)
    assert [(m.channel, m.thread_id, m.section) for m in found] == [
        ("claims", "claims > late", "late"),
        # Both directions of a talk are one thread; notes to oneself are another.
        ("direct messages", "11+12", None),
        ("direct messages", "11+12", None),
        ("direct messages", "11", None),
        ("direct messages", "group 77", None),
        ("stream of recipient 99", "stream of recipient 99 > lost", "lost"),
        ("claims", "claims > ", None),
    ]


def test_senders_are_joined_even_those_without_an_account(tmp_path):
    found, _ = read_organisation(tmp_path, [stored(i, sender=i) for i in (11, 12, 15, 77)])
    assert [(m.author, m.author_id) for m in found] == [
        ("Ana Sol", "11"),
        ("Bo", "12"),
        ("Cy", "15"),
        ("77", "77"),
    ]


# ---- what is left out ----


@pytest.mark.parametrize("sender", [13, 5])
def test_bots_of_the_organisation_and_of_zulip_are_left_out(tmp_path, sender):
    found, report = read_organisation(tmp_path, [stored(sender=sender), stored(102)])
    assert [m.author for m in found] == ["Ana Sol"]
    assert report.skipped == {"bot": 1}


@pytest.mark.parametrize(
    "fields",
    [
        {"sender_email": "ci-bot@x.test"},
        {"sender_email": "notification-bot@zulip.com"},
        {"sender_email": "emailgateway@zulip.com"},
        {"sender_email": "x@y.test", "sender_realm_str": "zulipinternal"},
    ],
)
def test_bots_of_pages_are_known_by_their_address(tmp_path, fields):
    [found], _ = read(tmp_path, page(shown(**fields)), system=True)
    assert (found.skip, found.kind, found.is_bot) == ("bot", "system", True)


def test_people_with_addresses_that_resemble_those_of_bots_are_kept(tmp_path):
    found, _ = read(tmp_path, page(shown(sender_email="bot@x.test"), shown(102, sender_email="ana@zulip.com")))
    assert len(found) == 2


def test_standup_bots_post_words_of_members(tmp_path):
    [found], _ = read_organisation(tmp_path, [stored(content="Ana: waiting for legal", sender=14)])
    assert (found.text, found.kind, found.is_bot, found.skip) == ("Ana: waiting for legal", "status", True, None)


@pytest.mark.parametrize(
    ("content", "skip"),
    [
        ("", "empty"),
        ("> we are late\n> again", "quote"),
        ("@_**Bo|12** [said](https://x.test/#narrow/near/1):\n```quote\nwe are late\n```", "quote"),
        ("[plan.pdf](/user_uploads/2/ab/plan.pdf)", "media only"),
        ("/poll When?\nToday\nTomorrow", "poll"),
    ],
)
def test_what_a_person_did_not_say_is_left_out_by_reason(tmp_path, content, skip):
    [found], _ = read(tmp_path, page(shown(content=content)), system=True)
    assert (found.skip, found.kind) == (skip, "message")


# ---- texts ----


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("@**Bo** @_**Bo|12** @**all** @*leads* @_*leads*", "@Bo @Bo @all @leads @leads"),
        ("see #**claims** and #**claims>late again**", "see #claims and #claims > late again"),
        ("see #**claims>late@123**", "see #claims > late"),
        ("[the plan](https://example.org/a_(b)) <https://example.org>", "the plan https://example.org"),
        ("**Not** an @ at all", "**Not** an @ at all"),
        ("> late\nWho says so?", "Who says so?"),
        ("```quote\nlate\n```\nWho?", "Who?"),
        ("~~~ quote\nlate\n~~~\nWho?", "Who?"),
        # Quoted code, a quote in a quote, and what looks like one inside of code.
        ("````quote\n```python\nx\n```\nlate\n````\nWho?", "Who?"),
        ("```quote\n```python\nx\n```\nlate\n```\nWho?", "Who?"),
        ("`````quote\n````quote\na\n````\nb\n`````\nWho?", "Who?"),
        ("```\n> prompt\n```\nWho?", "```\n> prompt\n```\nWho?"),
        ("```text\n```quote\nx\n```", "```text\n```quote\nx\n```"),
        ("```spoiler Who\n```quote\nlate\n```\nme\n```", "```spoiler Who\nme\n```"),
        ("Me first.\n@_**Bo|12** [said](https://x.test/#n):\n```quote\nlate\n```\nWho?", "Me first.\nWho?"),
        ("```quote\nnever closed", ""),
        ("/me waves", "waves"),
    ],
)  # fmt: skip
def test_markdown_is_as_people_saw_it_without_quotes(tmp_path, content, text):
    [found], _ = read(tmp_path, page(shown(content=content)), system=True)
    assert found.text == text


SAID = '<p><span class="user-mention silent" data-user-id="12">Bo</span> <a href="https://x.test/#n">said</a>:</p>\n'


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('<p><span class="user-mention" data-user-id="12">@Bo</span> sees &amp; waits</p>', "@Bo sees & waits"),
        ('<p>with <span class="user-mention silent" data-user-id="12">Bo</span></p>', "with @Bo"),
        ('<p>ask <span class="user-group-mention silent" data-user-group-id="1">leads</span></p>', "ask @leads"),
        ('<p>in <a class="stream-topic" data-stream-id="1" href="/#n">#claims &gt; late</a></p>', "in #claims > late"),
        ('<p>see <a href="https://example.org">the plan</a></p>', "see the plan"),
        ("<blockquote>\n<p>late</p>\n</blockquote>\n<p>Who?</p>", "Who?"),
        (SAID + "<blockquote>\n<p>late</p>\n</blockquote>\n<p>Who?</p>", "Who?"),
        ("<blockquote><blockquote><p>a</p></blockquote><p>b</p></blockquote><p>Who?</p>", "Who?"),
        ("<p>One<br>\ntwo</p>\n<ul>\n<li>three</li>\n</ul>", "One\ntwo\nthree"),
        ('<p>Good <span class="emoji emoji-1f44d" role="img" title="ok">:ok:</span></p>', "Good :ok:"),
        ('<p>A <img alt=":ship:" class="emoji" src="/x.png" title="ship"></p>', "A :ship:"),
        (
            '<p>See <a href="https://e.org">this</a></p>\n<div class="message_embed"><a class="x"></a>'
            '<div class="data-container"><div class="message_embed_title"><a>Their title</a></div>'
            '<div class="message_embed_description">Their words</div></div></div><p>Fine</p>',
            "See this\nFine",
        ),
        ("<p>/me waves</p>", "waves"),
    ],
)  # fmt: skip
def test_html_is_as_people_saw_it_without_quotes(tmp_path, content, text):
    [found], _ = read(tmp_path, page(html(content)))
    assert found.text == text


@pytest.mark.parametrize(
    "message",
    [
        shown(content="Look: [a.pdf](/user_uploads/2/ab/a.pdf)\n![b.png](https://x.test/user_uploads/2/b.png)"),
        html(
            '<p>Look: <a href="/user_uploads/2/ab/a.pdf">a.pdf</a><br>\n<a href="/user_uploads/2/b.png">b.png</a></p>'
            '<div class="message_inline_image"><a href="/user_uploads/2/b.png" title="b.png"><img src="/t/b"></a></div>'
        ),
    ],
)
def test_files_are_attachments_and_no_words(tmp_path, message):
    [found], _ = read(tmp_path, page(message))
    assert (found.text, found.attachments) == ("Look:", ("a.pdf", "b.png"))


@pytest.mark.parametrize(
    ("fields", "edited"),
    [
        ({}, False),
        ({"last_edit_time": T + 5}, True),
        ({"edit_history": json.dumps([{"prev_content": "x", "timestamp": T}])}, True),
        # Only moved to another topic.
        ({"edit_history": json.dumps([{"prev_topic": "x", "timestamp": T}]), "last_edit_time": T + 5}, False),
    ],
)
def test_moving_a_message_is_no_edit(tmp_path, fields, edited):
    [found], _ = read_organisation(tmp_path, [stored(**fields)])
    assert found.edited is edited


def test_reactions_of_pages_are_counted_by_name(tmp_path):
    reactions = [{"emoji_name": "+1", "user_id": 1}, {"emoji_name": "+1", "user_id": 2}, {"emoji_name": "ship"}]
    [found], _ = read(tmp_path, page(shown(reactions=reactions)))
    assert found.reactions == {"+1": 2, "ship": 1}


def test_reactions_of_an_export_are_only_counted(tmp_path):
    files = organisation([stored()])
    files["messages-000001.json"] = json.dumps(
        {"zerver_message": [stored()], "zerver_reaction": [{"id": 1}, {"id": 2}]}
    )
    _, report = read(tmp_path, tarred(files), "export.tar.gz")
    assert report.files[0].details["reactions"] == 2


# ---- damage ----


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        ("x", "is not a message object"),
        (shown(timestamp="soon"), "is damaged; export it again"),
        (shown(timestamp=None), "it has no time"),
        (shown(timestamp=T * 10), "the date 2531-12-20 is in the future"),
        (shown(id_=None), "is damaged; export it again"),
        (shown(display_recipient=["x"]), "is damaged; export it again"),
    ],
)
def test_damaged_messages_are_quarantined_and_stop_no_other(tmp_path, raw, problem):
    found, report = read(tmp_path, page(raw, shown(102)))
    assert [m.id for m in found] == [f"zulip:102:{T}"]
    assert [str(p) for p in report.problems] == [f"{tmp_path / 'page.json'}, message 1: {problem}"]


def test_a_damaged_part_of_an_export_does_not_stop_the_others(tmp_path):
    files = organisation([stored(1)], [stored(2)], [stored(3)])
    files["messages-000002.json"] = files["messages-000002.json"][:-40]
    files["messages-000004.json.partial"] = "{"
    found, report = read(tmp_path, tarred(files), "export.tar.gz")
    assert [m.id for m in found] == [f"zulip:{i}:{T}" for i in (1, 2, 3)]
    [problem] = report.problems
    assert (problem.file, problem.problem) == (
        *(f"{tmp_path / 'export.tar.gz'}!messages-000002.json", "is not complete JSON"),
    )
    assert report.assumptions == ("the export was not finished: 1 files of messages end in .partial and are not read",)


def test_a_damaged_realm_costs_only_names(tmp_path):
    files = organisation([stored()])
    files["realm.json"] = files["realm.json"][:300]
    [found], report = read(tmp_path, tarred(files), "export.tar.gz")
    assert (found.author, found.channel) == ("Ana Sol", "stream of recipient 31")
    assert report.assumptions == (
        "realm.json is unusable from some place on (is not complete JSON): ids stand where names would",
    )


def test_messages_without_their_realm_are_read_with_ids(tmp_path):
    found, report = read(tmp_path, VALID["messages-000001.json"], "messages-000001.json")
    assert [(m.author, m.channel, m.text) for m in found] == [
        *[("11", f"stream of recipient {r}", "We ship on Monday.") for r in (31, 34)],
    ]
    assert report.assumptions == ("realm.json is not here: ids stand where names of people and streams would",)


# ---- whose file is it ----


@pytest.mark.parametrize("name", VALID)
def test_files_of_zulip_are_recognised(tmp_path, name):
    format_, sure = sniff(write(tmp_path / name, VALID[name]))
    assert format_ == "zulip"
    assert sure >= 0.9


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("slack.json", b'[{"type": "message", "user": "U1", "text": "a", "ts": "1773396000.0001"}]'),
        ("mail.json", b'{"messages": [{"subject": "x", "sender_id": 1, "content_type": "text/html"}]}'),
        ("realm.json", json.dumps(REALM).encode()),
        ("e.json", b"{"),
        ("x.bin", bytes(range(256))),
    ],
)
def test_files_of_others_are_not_claimed(tmp_path, name, data):
    assert sniff(write(tmp_path / name, data))[0] != "zulip"


def test_a_file_that_is_none_says_so(tmp_path):
    with pytest.raises(InputError) as error:
        read(tmp_path, '{\n"rows": 1}', "a.json", format="zulip")
    assert str(error.value) == (
        f"{tmp_path / 'a.json'}: holds no messages of Zulip; give an export, or pages of /messages"
    )


@pytest.mark.parametrize("name", VALID)
def test_damaged_files_never_crash(folder, name):
    damage_never_crashes(folder / name, VALID[name], format="zulip", system=True)


@MANY
@given(st.dictionaries(st.sampled_from([*shown(), "edit_history"]), JSON))
def test_fields_of_pages_of_any_type_never_crash(folder, fields):
    path = write(folder / "page.json", page(shown() | fields, shown(999)))
    assert read_anyway(path, format="zulip", system=True)[-1].id == f"zulip:999:{T}"


@MANY
@given(st.dictionaries(st.sampled_from([*stored()]), JSON), JSON, st.sampled_from(sorted(REALM)))
def test_fields_of_exports_of_any_type_never_crash(folder, fields, entry, table):
    realm = REALM | {table: [entry, {"id": entry, "type": entry, "name": entry}]}
    path = write_zip(folder / "export.zip", organisation([stored() | fields, stored(999)], realm=realm))
    assert read_anyway(path, format="zulip", system=True)[-1].id == f"zulip:999:{T}"


@MANY
@given(st.text(alphabet="`~> quote\n@*#<p/blockquote>[]()|", max_size=80))
def test_markup_of_any_form_never_crashes(folder, content):
    path = write(folder / "markup.json", page(shown(content=content), html(content, id=102)))
    assert len(read_anyway(path, format="zulip", system=True)) == 2


@pytest.mark.parametrize(
    "piece",
    ["[", "[a](", "@**", "#**a>", "```quote\n", "<a href=", '<div class="message_embed">', "> ", "<p><span class="],
)
def test_markup_that_repeats_is_read_in_time(tmp_path, piece):
    content = piece * (200_000 // len(piece))
    found, _ = read(tmp_path, page(shown(content=content), html(content, id=102)), system=True)
    assert len(found) == 2


def test_times_are_in_utc(tmp_path):
    [found], _ = read_organisation(tmp_path, [stored()])
    assert found.timestamp == datetime.fromtimestamp(T + 0.25, UTC)
