"""Rules as data: phrases and spaCy token patterns that point at a signal, and their matches with offsets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import spacy
from spacy.lang.en.stop_words import STOP_WORDS
from spacy.language import Language
from spacy.matcher import Matcher, PhraseMatcher
from spacy.tokens import Doc

from textsignals.errors import ModelError

Pattern = str | list[dict[str, Any]]
_FIELDS = {"id": str, "signal": str, "pattern": (str, list), "yes": list, "no": list}
# The share of matches that are right on text that rules were not written on, and the number of matches that a rule
# borrows from it. On the text that they were written on it is 0.6 (`scripts/rules` prints it).
_TYPICAL, _BORROWED = 0.4, 4


@cache
def tokenizer(language: str) -> Language:
    """Return the blank spaCy pipeline whose tokens patterns and cues are written for."""
    return spacy.blank(language)


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern for one signal, with sentences it must match (`yes`) and must not (`no`).

    In real labelled text it matched `fired` sentences, of which `right` carry the signal in some status.
    """

    id: str
    signal: str
    pattern: Pattern
    yes: tuple[str, ...]
    no: tuple[str, ...]
    fired: int = 0
    right: int = 0

    @property
    def precision(self) -> float:
        """How often a match is right, as far as it is known: rules that seldom match are taken for average ones."""
        return (self.right + _TYPICAL * _BORROWED) / (self.fired + _BORROWED)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern matched: its id and the token span [start, end) in the Doc."""

    id: str
    start: int
    end: int


class PatternMatcher:
    """Finds many patterns in a Doc; phrases ignore case, token lists are spaCy's own patterns.

    A spaCy Matcher tries every pattern at every token. Here each token list has one of its own, which is asked only
    if a word that the pattern cannot do without stands in the sentence: some 30 times less work for 1,000 patterns.
    """

    def __init__(self, patterns: Iterable[tuple[str, Pattern]], nlp: Language, origin: str) -> None:
        self._strings = nlp.vocab.strings
        self._phrases = PhraseMatcher(nlp.vocab, attr="LOWER")
        self._by_word: dict[str, list[Matcher]] = {}
        self._always: list[Matcher] = []
        for id_, pattern in patterns:
            try:
                if isinstance(pattern, str):
                    self._phrases.add(id_, [nlp.make_doc(pattern)])
                else:
                    if any("_" in spec for spec in pattern):
                        raise ValueError("extension attributes are not known here")
                    matcher = Matcher(nlp.vocab, validate=False)
                    matcher.add(id_, [pattern], greedy="LONGEST")
                    self._file(matcher, pattern)
            except (ValueError, TypeError, KeyError, AttributeError, re.error) as error:
                raise ModelError(f"{origin}: pattern {id_!r} is not a spaCy pattern: {error}") from error

    def _file(self, matcher: Matcher, pattern: list[dict[str, Any]]) -> None:
        needed = min((words for spec in pattern if (words := _literals(spec))), key=_commonness, default=())
        for word in needed:
            self._by_word.setdefault(word, []).append(matcher)
        if not needed:
            self._always.append(matcher)

    def __call__(self, doc: Doc) -> list[Match]:
        """Return all matches in the order of the text."""
        asked = {id(m): m for word in {token.lower_ for token in doc} for m in self._by_word.get(word, ())}
        # An empty matcher warns when called.
        matchers: list[Any] = [*self._always, *asked.values(), *([self._phrases] if len(self._phrases) else [])]
        found = [Match(self._strings[key], s, e) for matcher in matchers for key, s, e in matcher(doc)]
        return sorted(found, key=lambda m: (m.start, m.end, m.id))


def _literals(spec: dict[str, Any]) -> tuple[str, ...]:
    """Return the lower-case words of which a token must be one, () if it need not stand or can be any word."""
    if str(spec.get("OP", "1")) not in ("1", "+"):
        return ()
    lower = spec.get("LOWER")
    if isinstance(lower, str):
        return (lower,)
    return tuple(lower["IN"]) if isinstance(lower, dict) and set(lower) == {"IN"} else ()


def _commonness(words: Sequence[str]) -> int:
    """Return how often a sentence is to be expected to hold one of the words, on a rough scale."""
    return sum(20 if word in STOP_WORDS or len(word) < 3 else 1 for word in words)


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSONL file of a model; raises ModelError naming the bad line."""
    try:
        # Not splitlines(): U+2028 and its kind may stand unescaped inside a JSON string.
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise ModelError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: is not UTF-8 text") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ModelError(f"{path}, line {number}: not JSON: {error}") from error
            if not isinstance(entry, dict):
                raise ModelError(f"{path}, line {number}: not a JSON object")
            yield number, entry


def check_fields(entry: Mapping[str, Any], fields: Mapping[str, Any], place: str) -> None:
    """Raise ModelError, beginning with `place`, unless the entry holds every field with a value of its type."""
    for name, kind in fields.items():
        if name not in entry:
            raise ModelError(f"{place}: the field {name!r} is missing")
        if not isinstance(entry[name], kind):
            raise ModelError(f"{place}: the field {name!r} holds a value of the wrong type")


def load_rules(path: Path) -> tuple[Rule, ...]:
    """Return the rules of a patterns.jsonl; raises ModelError naming the line that cannot be used.

    A token's LEMMA stands for all inflections of a word, which are listed in the lemmas.json beside the file: a blank
    pipeline knows no lemmas.
    """
    rules: dict[str, Rule] = {}
    forms = _load_forms(path.with_name("lemmas.json"))
    for number, entry in read_jsonl(path):
        place = f"{path}, line {number}"
        entry = {"fired": 0, "right": 0, **entry}
        check_fields(entry, {**_FIELDS, "fired": int, "right": int}, place)
        if not 0 <= entry["right"] <= entry["fired"]:
            raise ModelError(f"{place}: right is {entry['right']}, but must lie between 0 and fired, {entry['fired']}")
        if entry["id"] in rules:
            raise ModelError(f"{place}: the id {entry['id']!r} is used twice")
        rules[entry["id"]] = Rule(
            id=entry["id"],
            signal=entry["signal"],
            pattern=_inflected(entry["pattern"], forms, place),
            yes=tuple(entry["yes"]),
            no=tuple(entry["no"]),
            fired=entry["fired"],
            right=entry["right"],
        )
    return tuple(rules.values())


def _load_forms(path: Path) -> Mapping[str, list[str]]:
    if not path.exists():
        return {}
    try:
        forms: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
        if not all(
            isinstance(words, list) and all(isinstance(word, str) for word in words) for words in forms.values()
        ):
            raise TypeError("not lists of words")
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(f"{path}: does not list the forms of lemmas ({error}); run scripts/rules") from error
    return forms


def _inflected(pattern: Pattern, forms: Mapping[str, list[str]], place: str) -> Pattern:
    """Return a pattern with each LEMMA replaced by the words it stands for."""
    if isinstance(pattern, str):
        return pattern
    return [
        _inflected_token(spec, forms, place) if isinstance(spec, dict) and "LEMMA" in spec else spec for spec in pattern
    ]


def _inflected_token(spec: dict[str, Any], forms: Mapping[str, list[str]], place: str) -> dict[str, Any]:
    said = spec["LEMMA"]
    listed = said["IN"] if isinstance(said, dict) and set(said) == {"IN"} else [said]
    lemmas = listed if isinstance(listed, list) and all(isinstance(lemma, str) for lemma in listed) else []
    unknown = [lemma for lemma in lemmas if lemma not in forms]
    if "LOWER" in spec:
        raise ModelError(f"{place}: a token cannot have both LEMMA and LOWER")
    if unknown or not lemmas:
        raise ModelError(f"{place}: no forms are known of LEMMA {', '.join(unknown) or said!r}; run scripts/rules")
    words = sorted({form for lemma in lemmas for form in forms[lemma]})
    return {**{key: value for key, value in spec.items() if key != "LEMMA"}, "LOWER": {"IN": words}}


class RuleSet:
    """All rules of a model, ready to match; `by_id` maps a rule's id to the rule."""

    def __init__(self, rules: Sequence[Rule], nlp: Language, origin: str = "patterns.jsonl") -> None:
        self.rules = tuple(rules)
        self.by_id = {rule.id: rule for rule in self.rules}
        self._matcher = PatternMatcher(((rule.id, rule.pattern) for rule in self.rules), nlp, origin)

    def __call__(self, doc: Doc) -> list[Match]:
        """Return the matches of all rules in a Doc of the same vocabulary, in the order of the text."""
        return self._matcher(doc)
