import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.measures.identifiers import _MENTION, _SHAPES
from textsignals.measures.redaction import Redactor

# --- names that the export knows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "text", "hidden"),
    [
        (["Ann Lee"], "Ask Ann Lee.", "Ask [name]."),
        (["Ann", "Ann Lee"], "Ann Lee and Ann", "[name] and [name]"),
        (["Ann Lee"], "ann said LEE, and Lee's", "[name] said [name], and [name]'s"),
        (["Ann Lee"], "annlee; alee; A. Lee; Lee; Ann", "[name]; [name]; [name]; [name]; [name]"),
        (["Ann"], "Annual plans, joann", "Annual plans, joann"),
        (["Will"], "Will said we will", "[name] said we will"),
        (["Will"], "Will we ship? We will, may be", "Will we ship? We will, may be"),
        (["Will"], "that is up to Will, ask will or @will", "that is up to [name], ask [name] or [name]"),
        (["An Do"], "An hour to do it, do An Do next", "An hour to do it, do [name] next"),
        (["a.b (PM)"], "says a.b (PM), not axb (PM)", "says [name]), not axb (PM)"),
        (["Product Owner Team"], "The product owner of the team", "The product owner of the team"),
        (["jane.doe+jira@corp.example"], "Jane agreed, jdoe and Doe too", "[name] agreed, [name] and [name] too"),
        (["U07QX12ZK", "12345678"], "u07qx12zk, 12345678", "[name], [name]"),
        (["José Müller"], "jose, Mueller and MÜLLER", "[name] and [name]"),
        (["Jose Muller"], "José Müller", "[name]"),
        (["Ann Lee"], "A\u200bnn \u2060L\u00adee, \u0410nn L\u0435\u0435", "[name], [name]"),
        (["王小明"], "今天王小明说了", "今天[name]说了"),
        (["Ольга Петрова"], "спроси ольга сегодня", "спроси [name] сегодня"),
        (["", "  "], "Nothing to hide", "Nothing to hide"),
    ],
)
def test_names_of_the_export_are_hidden(names, text, hidden):
    assert Redactor(names)(text) == hidden


def test_accents_that_are_signs_of_their_own_go_with_their_letter():
    assert Redactor(["José"])("Jose\u0301 left") == "[name] left"


def test_a_name_of_this_export_is_seen_until_it_is_hidden():
    redact = Redactor(["Ann Lee"])
    assert redact.names_in("we asked ann") and not redact.names_in(redact("we asked ann"))


# --- what has a telling shape ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("write to x.y+z@mail.example.org, or ask @lee.", "write to [mail], or ask [name]."),
        ("x.y [at] example [dot] org and x at example dot org", "[mail] and [mail]"),
        ("\uff58@example.org", "[mail]"),
        ("5 @ 3 is no address, @here and @channel are nobody", "5 @ 3 is no address, @here and @channel are nobody"),
        ("see https://u:p@x.example/a?b=c#d.", "see [link]."),
        ("www.x.example, (wiki.corp/a) and done.in time, Node.js", "[link], ([link]) and done.in time, Node.js"),
        ("board.example.org/a/b and localhost:8080", "[link] and localhost:8080"),
        ("10.0.0.7, fe80::1, 00:1b:44:11:3a:b7 and 12:30:45", "[ip], [ip], [ip] and 12:30:45"),
        ("std::vector, a::b, ::", "std::vector, a::b, ::"),
        ("version 1.2.3 of 2026-03-01 at 10:30", "version 1.2.3 of 2026-03-01 at 10:30"),
        ("+49 30 1234567, (555) 234-1234", "[phone], [phone]"),
        ("in 2024-2026, 3-4 days, 1,200,300 rows", "in 2024-2026, 3-4 days, 1,200,300 rows"),
        ("DE89 3704 0044 0532 0130 00 and 4111 1111 1111 1111", "[number] and [number]"),
        ("PAY-12 is UTF-8, see #341", "[ticket] is UTF-8, see [ticket]"),
        ("123e4567-e89b-12d3-a456-426614174000", "[id]"),
        ("AKIAIOSFODNN7EXAMPLE", "[key]"),
        ("password: hunter2, bearer abc123def456", "password: [key], bearer [key]"),
        ("the password is wrong, the token expired", "the password is wrong, the token expired"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzzzzKEY", "[key]"),
        (
            "AbstractSingletonProxyFactoryBean, a-long-branch-2026",
            "AbstractSingletonProxyFactoryBean, a-long-branch-2026",
        ),
        ("-----BEGIN RSA PRIVATE KEY----- MIIE+/= -----END RSA PRIVATE KEY-----", "[key]"),
        ("/home/qvogel/x and C:\\Users\\qvogel\\x", "/home/[path]/x and C:\\Users\\[path]\\x"),
    ],
)
def test_identifiers_are_hidden_and_what_looks_like_them_is_not(text, hidden):
    assert Redactor()(text) == hidden


# --- names that the export does not know ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("Ask Oyelaran or Vincent van der Berg.", "Ask [name] or [name]."),
        ("Oyelaran: done. Priya K. is next", "[name]: done. [name]. is next"),
        ("thanks oyelaran, ping seung-hyun", "thanks [name], ping [name]"),
        ("rutendo boateng said we can ship", "[name] said we can ship"),
        ("not sure if oyelaran knows", "not sure if [name] knows"),
        ("Dr. Young and J. McAllister", "Dr. [name] and [name]"),
        ("I met Grace there. Grace said no.", "I met [name] there. [name] said no."),
        ("The grace period ends in May. May we go?", "The grace period ends in May. May we go?"),
        ("Mark the date. I hope we will.", "Mark the date. I hope we will."),
        ("On Monday Jenkins, GitHub and Berlin were down", "On Monday Jenkins, GitHub and Berlin were down"),
        ("Action Items From Last Retro", "Action Items From Last Retro"),
        ("The QA team got JSON from some_Func() and Foo.bar", "The QA team got JSON from some_Func() and Foo.bar"),
    ],
)
def test_other_names_are_hidden_where_persons_stand(text, hidden):
    assert Redactor()(text) == hidden


# --- two ways to fill the gaps --------------------------------------------------------------------------------------


@given(st.lists(st.text(max_size=8), max_size=5), st.text(max_size=60))
@settings(max_examples=50, deadline=None)
def test_blots_keep_every_offset(names, text):
    redact = Redactor(names)
    blotted = redact.blot(text)
    assert len(blotted) == len(text)
    hidden = {i for span in redact.find(text) for i in range(span.start, span.end)}
    assert all(new == ("█" if i in hidden else old) for i, (old, new) in enumerate(zip(text, blotted, strict=True)))


@given(st.text("aAé\u200b\u0301ßİ @.-:/'12", max_size=40))
@settings(max_examples=50, deadline=None)
def test_what_is_found_lies_in_order_and_apart(text):
    spans = Redactor(["aa"]).find(text)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


def test_names_in_another_order_hide_the_same():
    names = ["Ann Lee", "Lee Wong", "wong@x.org"]
    assert {Redactor(order)("Lee, Ann Wong") for order in (names, names[::-1])} == {"[name], [name]"}


# --- time -----------------------------------------------------------------------------------------------------------

HOSTILE = [
    "a",
    "a.",
    "a-",
    "@a.",
    "a@a",
    "+",
    "1 ",
    "1.",
    "A ",
    "Ab ",
    "aB1/",
    "'a",
    "::1",
    "/home/",
    "token=",
    "eyJa.",
]
HOSTILE += ["-----BEGIN A-----", "a at b dot ", "é", "Ann ", "x:", "https://", "[at]", "A-", "(1", " '", "* ", "of "]


def seconds(work, text):
    def once():
        started = time.process_time()
        work(text)
        return time.process_time() - started

    return min(once(), once())


@pytest.mark.parametrize("part", HOSTILE)
def test_every_pattern_takes_linear_time(part):
    text = part * (102_400 // len(part))
    for pattern in [_MENTION, *(shape for _, shape, _ in _SHAPES)]:
        took = seconds(lambda t, p=pattern: sum(1 for _ in p.finditer(t)), text)
        assert took < 0.05, pattern.pattern


@pytest.mark.parametrize("part", HOSTILE)
def test_the_redactor_takes_linear_time(part):
    redact = Redactor(["Ann Lee", "a a a a"])
    once, twice = (seconds(redact.find, part * (n // len(part))) for n in (12_800, 25_600))
    # Under a hundredth of a second, the clock's own grain counts.
    assert twice < 2.5 * once + 0.02
