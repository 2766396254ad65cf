from __future__ import annotations

import json
import re

import pytest
from spacy.matcher import Matcher, PhraseMatcher

from textsignals.errors import ModelError
from textsignals.resources import model_folder
from textsignals.tagging.rules import PatternMatcher, Rule, RuleSet, load_rules, read_jsonl, tokenizer
from textsignals.tagging.sentences import normalise
from textsignals.taxonomy import load_taxonomy

FEWEST_RULES, FEWEST_IN_ALL = 15, 1_500
GOOD = {"id": "silo.x", "signal": "silo", "pattern": "in a silo", "yes": ["We sit in a silo."], "no": ["Corn."]}


@pytest.fixture(scope="module")
def nlp():
    return tokenizer("en")


@pytest.fixture(scope="module")
def rules():
    return load_rules(model_folder("en") / "patterns.jsonl")


@pytest.fixture(scope="module")
def rule_set(rules, nlp):
    return RuleSet(rules, nlp)


def token_lists(rules):
    return [(rule.id, rule.pattern) for rule in rules if not isinstance(rule.pattern, str)]


def bounds(spec):
    """The fewest and most tokens that one part of a pattern takes; None stands for no limit."""
    op = str(spec.get("OP", "1"))
    fixed = {"1": (1, 1), "?": (0, 1), "*": (0, None), "+": (1, None), "!": (0, 1)}
    if op in fixed:
        return fixed[op]
    low, comma, high = op.strip("{}").partition(",")
    return int(low or 0), (int(high) if high else None) if comma else int(low)


@pytest.mark.parametrize("signal", list(load_taxonomy().signals))
def test_every_example_of_the_rules_of_a_signal_holds(rules, rule_set, nlp, signal):
    wrong = []
    for rule in (rule for rule in rules if rule.signal == signal):
        for expected, texts in ((True, rule.yes), (False, rule.no)):
            for text in texts:
                found = rule.id in {m.id for m in rule_set(nlp.make_doc(normalise(text)))}
                wrong += [(rule.id, "must match" if expected else "must not match", text)] * (found != expected)
    assert wrong == []


@pytest.mark.parametrize("signal", list(load_taxonomy().signals))
def test_every_signal_has_enough_rules(rules, signal):
    assert sum(rule.signal == signal for rule in rules) >= FEWEST_RULES


def test_there_are_enough_rules_for_signals_that_exist(rules):
    assert len(rules) >= FEWEST_IN_ALL
    assert {rule.signal for rule in rules} == set(load_taxonomy().signals)


def test_ids_begin_with_their_signal_and_say_why_in_words(rules):
    assert [r.id for r in rules if not re.fullmatch(re.escape(r.signal) + r"\.[a-z0-9]+(-[a-z0-9]+)*", r.id)] == []


def test_ids_are_unique(rules):
    lines = [entry["id"] for _, entry in read_jsonl(model_folder("en") / "patterns.jsonl")]
    assert len(lines) == len(set(lines)) == len(rules)


def test_every_rule_has_examples_of_both_kinds_and_no_sentence_is_both(rules):
    assert [rule.id for rule in rules if not rule.yes or not rule.no or set(rule.yes) & set(rule.no)] == []


def test_no_rule_stands_twice(rules):
    seen = {}
    for rule in rules:
        seen.setdefault((rule.signal, json.dumps(rule.pattern)), []).append(rule.id)
    assert [ids for ids in seen.values() if len(ids) > 1] == []


def test_patterns_are_valid_for_spacy(rules, nlp):
    matcher = Matcher(nlp.vocab, validate=True)
    for id_, pattern in token_lists(rules):
        matcher.add(id_, [pattern])
    assert len(matcher) == len(token_lists(rules))


def test_phrases_hold_a_word(rules):
    assert [r.id for r in rules if isinstance(r.pattern, str) and not re.search(r"\w", r.pattern)] == []


def test_no_pattern_starts_or_ends_with_an_optional_token(rules):
    loose = [id_ for id_, p in token_lists(rules) if bounds(p[0])[0] == 0 or bounds(p[-1])[0] == 0]
    assert loose == []


def test_no_part_of_a_pattern_is_unbounded(rules):
    assert [id_ for id_, p in token_lists(rules) if any(bounds(spec)[1] is None for spec in p)] == []


def test_patterns_are_written_in_lower_case_where_they_compare_lower_case(rules):
    def words(spec):
        lower = spec.get("LOWER", "")
        return [lower] if isinstance(lower, str) else [*lower.get("IN", ()), *lower.get("NOT_IN", ())]

    assert [(id_, w) for id_, p in token_lists(rules) for s in p for w in words(s) if w != w.lower()] == []


def test_regular_expressions_of_patterns_repeat_nothing_without_end_inside_a_repetition(rules):
    sources = [s["LOWER"]["REGEX"] for _, p in token_lists(rules) for s in p if "REGEX" in (s.get("LOWER") or {})]
    assert sources
    assert [source for source in sources if re.search(r"[*+}]\)[*+{]", source)] == []


def test_matches_are_those_of_one_plain_matcher_with_all_patterns(rules, rule_set, nlp):
    plain, phrases = Matcher(nlp.vocab), PhraseMatcher(nlp.vocab, attr="LOWER")
    for rule in rules:
        if isinstance(rule.pattern, str):
            phrases.add(rule.id, [nlp.make_doc(rule.pattern)])
        else:
            plain.add(rule.id, [rule.pattern], greedy="LONGEST")
    # A plain matcher asks every rule at every token, so examples of one rule in 64 must do.
    for text in [text for rule in rules[::64] for text in (rule.yes[0], rule.no[0])]:
        doc = nlp.make_doc(normalise(text))
        expected = {(nlp.vocab.strings[key], s, e) for matcher in (plain, phrases) for key, s, e in matcher(doc)}
        found = [(m.id, m.start, m.end) for m in rule_set(doc)]
        assert sorted(found) == sorted(expected), text


def test_matches_come_in_the_order_of_the_text(nlp):
    patterns = [("b", [{"LOWER": "two"}]), ("a", "two three"), ("c", [{"IS_DIGIT": True}]), ("d", "one")]
    found = PatternMatcher(patterns, nlp, "here")(nlp.make_doc("One two three 4 two"))
    assert [(m.id, m.start, m.end) for m in found] == [
        ("d", 0, 1),
        ("b", 1, 2),
        ("a", 1, 3),
        ("c", 3, 4),
        ("b", 4, 5),
    ]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("In A Silo", "they sit in a SILO", ["in a SILO"]),
        ([{"LOWER": "do"}, {"LOWER": "n't"}], "I don’t", ["don't"]),
        ([{"LOWER": {"IN": ["a", "b"]}}, {"OP": "{0,2}"}, {"LOWER": "z"}], "b x y z", ["b x y z"]),
        ([{"LOWER": {"IN": ["a", "b"]}}, {"OP": "{0,2}"}, {"LOWER": "z"}], "b w x y z", []),
        ([{"LOWER": {"NOT_IN": ["a"]}}], "a b", ["b"]),
        ([{"LOWER": {"REGEX": "^plan"}}], "planned a plan", ["planned", "plan"]),
        ([{"TEXT": "US"}], "us and US", ["US"]),
        ([{"LOWER": "a", "OP": "+"}, {"LOWER": "b"}], "a a b", ["a a b"]),
    ],
)
def test_pattern_finds(nlp, pattern, text, expected):
    doc = nlp.make_doc(normalise(text))
    assert [doc[m.start : m.end].text for m in PatternMatcher([("x", pattern)], nlp, "here")(doc)] == expected


def test_a_matcher_without_patterns_finds_nothing(nlp):
    assert PatternMatcher([], nlp, "here")(nlp.make_doc("anything")) == []


@pytest.mark.parametrize(
    "unit",
    [
        "we ",
        "a",
        "nobody told us and ",
        "not ",
        "!",
        "( ",
        "the the manager ",
        "up to the ",
        "n't ",
        "🎉",
        "\u200d",
        "\t",
    ],
)
def test_hostile_repetition_ends(rule_set, nlp, unit):
    text = (unit * 20_000)[:20_000]
    # As long as the longest sentence; a text of this size comes as ten of them.
    assert all(isinstance(rule_set(nlp.make_doc(text[i : i + 2_000])), list) for i in range(0, len(text), 2_000))


# --- lemmas ------------------------------------------------------------------------------------------------------

FORMS = {"go": ["go", "goes", "going", "gone", "went"], "run": ["run", "ran"], "share": ["share", "shared"]}
NO_FORMS = "does not list the forms of lemmas"


def written(folder, *patterns, forms=FORMS):
    """A patterns.jsonl of one rule a pattern, with the lemmas.json beside it."""
    lines = [json.dumps({**GOOD, "id": f"silo.x{i}", "pattern": pattern}) for i, pattern in enumerate(patterns)]
    (folder / "patterns.jsonl").write_text("\n".join(lines), encoding="utf-8")
    if forms is not None:
        content = forms if isinstance(forms, bytes) else json.dumps(forms).encode()
        (folder / "lemmas.json").write_bytes(content)
    return folder / "patterns.jsonl"


@pytest.mark.parametrize(
    ("token", "expanded"),
    [
        ({"LEMMA": "go"}, {"LOWER": {"IN": ["go", "goes", "going", "gone", "went"]}}),
        ({"LEMMA": {"IN": ["run", "go"]}}, {"LOWER": {"IN": ["go", "goes", "going", "gone", "ran", "run", "went"]}}),
        ({"LEMMA": {"IN": ["run", "run"]}, "OP": "?"}, {"OP": "?", "LOWER": {"IN": ["ran", "run"]}}),
        ({"LEMMA": "run", "IS_ALPHA": True}, {"IS_ALPHA": True, "LOWER": {"IN": ["ran", "run"]}}),
        ({"LOWER": "go"}, {"LOWER": "go"}),
        ({"OP": "{0,2}"}, {"OP": "{0,2}"}),
    ],
)
def test_a_lemma_stands_for_the_words_listed_in_lemmas_json(tmp_path, token, expanded):
    assert load_rules(written(tmp_path, [{"LOWER": "we"}, token]))[0].pattern == [{"LOWER": "we"}, expanded]


@pytest.mark.parametrize(
    ("text", "found"),
    [("They go home", 1), ("They WENT home", 1), ("Gone home", 1), ("They goed home", 0), ("going to home", 0)],
)
def test_the_forms_of_a_lemma_match(tmp_path, nlp, text, found):
    rules = load_rules(written(tmp_path, [{"LEMMA": "go"}, {"LOWER": "home"}]))
    assert len(RuleSet(rules, nlp)(nlp.make_doc(text))) == found


def test_a_phrase_that_speaks_of_lemmas_is_left_alone(tmp_path):
    assert load_rules(written(tmp_path, "the LEMMA go"))[0].pattern == "the LEMMA go"


@pytest.mark.parametrize(
    ("lemma", "said"),
    [
        ("fly", "'fly'"),
        ({"IN": ["go", "fly", "swim"]}, "'fly, swim'"),
        ({"IN": []}, "{'IN': []}"),
        ({"NOT_IN": ["go"]}, "{'NOT_IN': ['go']}"),
        ({"IN": ["go"], "NOT_IN": ["run"]}, "{'IN': ['go'], 'NOT_IN': ['run']}"),
        ({"REGEX": "^go"}, "{'REGEX': '^go'}"),
        (5, "5"),
        (None, "None"),
        (["go"], "['go']"),
        ({"IN": 5}, "{'IN': 5}"),
        ({"IN": [5]}, "{'IN': [5]}"),
        ({"IN": [["go"]]}, "{'IN': [['go']]}"),
    ],
)
def test_a_lemma_without_forms_is_named_with_its_line(tmp_path, lemma, said):
    path = written(tmp_path, "first", [{"LOWER": "we"}, {"LEMMA": lemma}])
    with pytest.raises(ModelError) as caught:
        load_rules(path)
    assert str(caught.value) == f"{path}, line 2: no forms are known of LEMMA {said}; run scripts/rules"


def test_a_lemma_without_lemmas_json_is_named_and_rules_without_lemmas_need_none(tmp_path):
    assert len(load_rules(written(tmp_path, [{"LOWER": "go"}], forms=None))) == 1
    path = written(tmp_path, [{"LEMMA": "go"}], forms=None)
    with pytest.raises(ModelError) as caught:
        load_rules(path)
    assert str(caught.value) == f"{path}, line 1: no forms are known of LEMMA 'go'; run scripts/rules"


@pytest.mark.parametrize(
    ("forms", "problem"),
    [
        (b"{oops", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"", "Expecting value: line 1 column 1 (char 0)"),
        (b"\xff", "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        ([], "'list' object has no attribute 'values'"),
        ({"go": ["went", 5]}, "not lists of words"),
        ({"go": "went"}, "not lists of words"),
        ({"go": {"went": 1}}, "not lists of words"),
        ({"go": 5}, "not lists of words"),
        (b"[" * 200_000, None),
        (b'{"go": ' * 100_000, None),
    ],
)
def test_a_lemmas_json_that_cannot_be_used_is_named(tmp_path, forms, problem):
    path = written(tmp_path, [{"LEMMA": "go"}], forms=forms)
    with pytest.raises(ModelError) as caught:
        load_rules(path)
    place = re.escape(f"{tmp_path / 'lemmas.json'}: {NO_FORMS}")
    detail = ".*" if problem is None else re.escape(problem)
    assert re.fullmatch(rf"{place} \({detail}\); run scripts/rules", str(caught.value)), str(caught.value)


def lemmas_of(pattern):
    for spec in pattern if isinstance(pattern, list) else ():
        lemma = spec.get("LEMMA", ())
        yield from [lemma] if isinstance(lemma, str) else lemma["IN"] if lemma else ()


def test_every_lemma_of_the_rules_is_listed_and_none_else():
    used = {
        lemma for _, entry in read_jsonl(model_folder("en") / "patterns.jsonl") for lemma in lemmas_of(entry["pattern"])
    }
    listed = json.loads((model_folder("en") / "lemmas.json").read_text(encoding="utf-8"))
    assert used, "rules use lemmas"
    assert used <= set(listed), "listed in lemmas.json; run scripts/rules"
    assert set(listed) <= used, "lemmas.json lists no lemma that no rule uses"


def test_forms_are_written_in_lower_case_and_each_once():
    listed = json.loads((model_folder("en") / "lemmas.json").read_text(encoding="utf-8"))
    words = [word for forms in listed.values() for word in forms]
    assert [word for word in words if word != word.lower()] == []
    assert [lemma for lemma, forms in listed.items() if not forms or len(set(forms)) != len(forms)] == []


# --- precision ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fired", "right", "precision"),
    # Four matches more, of which 4 in 10 are right.
    [(0, 0, 0.4), (4, 4, 0.7), (4, 0, 0.2), (1, 1, 0.52), (96, 96, 0.976), (96, 0, 0.016), (6, 2, 0.36)],
)
def test_the_precision_of_a_rule_leans_on_an_average_one(fired, right, precision):
    assert Rule("a.b", "a", "x", (), (), fired, right).precision == pytest.approx(precision)


def test_one_right_match_more_raises_precision_and_one_wrong_match_more_lowers_it():
    for fired in range(20):
        for right in range(fired + 1):
            now = Rule("a.b", "a", "x", (), (), fired, right).precision
            assert 0 < now < 1
            assert Rule("a.b", "a", "x", (), (), fired + 1, right + 1).precision > now
            assert Rule("a.b", "a", "x", (), (), fired + 1, right).precision < now


def test_matches_in_real_text_are_read_and_unknown_is_none(tmp_path):
    path = tmp_path / "patterns.jsonl"
    path.write_text(json.dumps({**GOOD, "fired": 7, "right": 3}) + "\n" + json.dumps({**GOOD, "id": "silo.y"}))
    assert [(rule.fired, rule.right) for rule in load_rules(path)] == [(7, 3), (0, 0)]


def test_every_rule_was_right_at_most_as_often_as_it_fired(rules):
    assert [rule.id for rule in rules if not rule.fired >= rule.right >= 0] == []
    assert sum(rule.fired > 0 for rule in rules) > len(rules) // 4, "most rules are known from real text"


def test_by_id_finds_every_rule(rules, rule_set):
    assert rule_set.by_id == {rule.id: rule for rule in rules}
    assert rule_set.rules == rules


# --- lines -------------------------------------------------------------------------------------------------------

BAD_LINES = [
    ("{oops", "not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ("[" * 200_000, None),
    ("[1]", "not a JSON object"),
    ('"text"', "not a JSON object"),
    *[(json.dumps({k: v for k, v in GOOD.items() if k != f}), f"the field {f!r} is missing") for f in GOOD],
    *[(json.dumps({**GOOD, f: 5}), f"the field {f!r} holds a value of the wrong type") for f in GOOD],
    (json.dumps({**GOOD, "yes": "text"}), "the field 'yes' holds a value of the wrong type"),
    (json.dumps({**GOOD, "pattern": None}), "the field 'pattern' holds a value of the wrong type"),
    (json.dumps({**GOOD, "id": "silo.first"}), "the id 'silo.first' is used twice"),
    (json.dumps({**GOOD, "fired": "7"}), "the field 'fired' holds a value of the wrong type"),
    (json.dumps({**GOOD, "right": None}), "the field 'right' holds a value of the wrong type"),
    (json.dumps({**GOOD, "right": 0.5}), "the field 'right' holds a value of the wrong type"),
]


@pytest.mark.parametrize("counts", [{"fired": -4}, {"fired": 1, "right": 2}, {"right": -1}, {"right": 1}])
def test_a_rule_that_was_right_more_often_than_it_fired_is_named(tmp_path, counts):
    """With fired = -4 its precision would divide by zero, while tagging."""
    path = tmp_path / "patterns.jsonl"
    path.write_text(json.dumps({**GOOD, **counts}), encoding="utf-8")
    with pytest.raises(ModelError, match=rf"^{re.escape(str(path))}, line 1: "):
        load_rules(path)


@pytest.mark.parametrize(("line", "problem"), BAD_LINES)
def test_a_bad_line_is_named_with_file_and_number(tmp_path, line, problem):
    path = tmp_path / "patterns.jsonl"
    path.write_text(json.dumps({**GOOD, "id": "silo.first"}) + "\n\n" + line + "\n", encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        load_rules(path)
    if problem:
        assert str(caught.value) == f"{path}, line 3: {problem}"
    else:
        assert str(caught.value).startswith(f"{path}, line 3: not JSON: ")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError) as caught:
        load_rules(tmp_path / "patterns.jsonl")
    assert str(caught.value) == f"{tmp_path / 'patterns.jsonl'}: cannot be read: No such file or directory"


def test_a_file_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "patterns.jsonl"
    path.write_bytes(b'{"id": "\xff"}')
    with pytest.raises(ModelError) as caught:
        load_rules(path)
    assert str(caught.value) == f"{path}: is not UTF-8 text"


def test_line_separators_inside_of_strings_do_not_end_a_line(tmp_path):
    path = tmp_path / "patterns.jsonl"
    entry = {**GOOD, "yes": ["We sit\u2028in a silo\x85."]}
    path.write_text(json.dumps(entry, ensure_ascii=False) + "\r\n", encoding="utf-8", newline="")
    assert load_rules(path)[0].yes == ("We sit\u2028in a silo\x85.",)


@pytest.mark.parametrize(
    "pattern", [[], [5], [{"LOWERR": "x"}], [{"LOWER": "x", "OP": "{,}"}], [{"OP": "{2,1}"}], ["x"]]
)
def test_a_pattern_that_spacy_refuses_is_named_with_file_and_id(nlp, pattern):
    with pytest.raises(ModelError, match=r"^here/patterns\.jsonl: pattern 'silo\.x' is not a spaCy pattern: "):
        RuleSet([Rule("silo.x", "silo", pattern, (), ())], nlp, "here/patterns.jsonl")
