"""How a sentence stands to the signal it mentions: cues as data, weighed by a trained logistic layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.feature_extraction.text import HashingVectorizer
from spacy.language import Language
from spacy.tokens import Doc

from textsignals.errors import ModelError
from textsignals.tagging.features import TOKEN, plain
from textsignals.tagging.rules import Match, Pattern, PatternMatcher, check_fields, read_jsonl

# Words together weigh about as much as three cues (chosen on development text).
WORD_VALUE = 3.0
N_WORDS = 2**14
_WORDS = HashingVectorizer(
    n_features=N_WORDS, binary=True, norm="l2", lowercase=False, token_pattern=TOKEN, ngram_range=(1, 2)
)
_DIRECTIONS = ("before", "after", "any", "start")
_SCOPES = ("clause", "sentence", "token")
_FIELDS = {"id": str, "status": str, "direction": str, "scope": str, "pattern": (str, list), "yes": list, "no": list}
# Where one clause ends and a cue's reach with it.
_BREAKS = frozenset({"but", "however", "although", "though", "whereas", "while", "yet", ";", "so", "because"})


@dataclass(frozen=True, slots=True)
class Cue:
    """One pattern that hints at a status.

    `direction` says where it stands: "before" or "after" what it speaks of, at the "start" of the sentence, or "any".
    `scope` says how far it reaches: over its "clause", the whole "sentence", or only its own "token"s: then it takes
    other cues that overlap it out of play ("not only" is no negation). `needs` lists words of which one must also
    stand in the sentence.
    """

    id: str
    status: str
    direction: str
    scope: str
    pattern: Pattern
    yes: tuple[str, ...]
    no: tuple[str, ...]
    needs: frozenset[str] = frozenset()


def load_cues(path: Path) -> tuple[Cue, ...]:
    """Return the cues of a cues.jsonl; raises ModelError naming the line that cannot be used."""
    cues: list[Cue] = []
    for number, entry in read_jsonl(path):
        check_fields({"needs": [], **entry}, {**_FIELDS, "needs": list}, f"{path}, line {number}")
        cue = Cue(
            id=entry["id"],
            status=entry["status"],
            direction=entry["direction"],
            scope=entry["scope"],
            pattern=entry["pattern"],
            yes=tuple(entry["yes"]),
            no=tuple(entry["no"]),
            needs=frozenset(entry.get("needs", ())),
        )
        if cue.direction not in _DIRECTIONS or cue.scope not in _SCOPES:
            raise ModelError(f"{path}, line {number}: direction or scope is none of {_DIRECTIONS}, {_SCOPES}")
        if any(cue.id == other.id for other in cues):
            raise ModelError(f"{path}, line {number}: the id {cue.id!r} is used twice")
        cues.append(cue)
    return tuple(cues)


class CueSet:
    """All cues of a model, ready to be found around what they speak of."""

    def __init__(self, cues: Sequence[Cue], nlp: Language, origin: str = "cues.jsonl") -> None:
        self.cues: Mapping[str, Cue] = {cue.id: cue for cue in cues}
        self._matcher = PatternMatcher(((cue.id, cue.pattern) for cue in cues), nlp, origin)

    def find(self, doc: Doc) -> list[Match]:
        """Return the cues of a sentence that are in play, in its order."""
        words = {token.lower_ for token in doc}
        found = [m for m in self._matcher(doc) if not self.cues[m.id].needs or self.cues[m.id].needs & words]
        blockers = [m for m in found if self.cues[m.id].scope == "token"]
        first = next((token.i for token in doc if not (token.is_punct or token.is_space)), 0)
        return [
            m
            for m in found
            if m not in blockers
            and not any(b.start < m.end and m.start < b.end for b in blockers)
            and (self.cues[m.id].direction != "start" or m.start == first)
        ]

    def around(
        self, doc: Doc, found: Sequence[Match], anchors: Sequence[Match], healthy: bool = False
    ) -> tuple[Match, ...]:
        """Return those of the cues found that speak of one of the anchors; all of them if there is no anchor.

        A negation inside an anchor is part of an unhealthy signal ("nobody knows who owns it" *is* the signal) but
        negates a healthy one ("nobody told us why" says that it is missing): `healthy` tells which.
        """
        if not anchors:
            return tuple(found)
        return tuple(cue for cue in found if any(self._reaches(doc, cue, anchor, healthy) for anchor in anchors))

    def _reaches(self, doc: Doc, match: Match, anchor: Match, healthy: bool) -> bool:
        cue = self.cues[match.id]
        inside = anchor.start <= match.start and match.end <= anchor.end
        if inside and cue.status == "negated" and not healthy:
            return False
        before, after = match.start <= anchor.start, match.end >= anchor.end
        if (cue.direction == "before" and not (before or inside)) or (
            cue.direction == "after" and not (after or inside)
        ):
            return False
        between = doc[min(match.end, anchor.end) : max(match.start, anchor.start)]
        return cue.scope == "sentence" or not any(token.lower_ in _BREAKS for token in between)


class StatusHead:
    """A multinomial logistic layer over the cues around a mention, its signal and family, hashed words, and the vector.

    The columns of `coef`, shape (statuses, columns), are the named features, the hashed words, and those of the vector
    of a mention (`mention_vector`).
    """

    def __init__(
        self, statuses: Sequence[str], columns: Sequence[str], coef: np.ndarray, intercept: np.ndarray
    ) -> None:
        self.statuses, self.columns = tuple(statuses), tuple(columns)
        self._index = {name: i for i, name in enumerate(columns)}
        self.coef, self.intercept = coef, intercept

    def logits(self, names: Sequence[str], text: str, vector: np.ndarray) -> np.ndarray:
        """Return one score a status, given the names of the features that are present, the sentence and its vector."""
        present = [self._index[name] for name in names if name in self._index]
        first_word = len(self.columns)
        named = self.coef[:, present].sum(axis=1) + self.intercept
        words = hashed_words([text]) @ self.coef[:, first_word : first_word + N_WORDS].T
        return np.asarray(named + words[0] + self.coef[:, first_word + N_WORDS :] @ vector)

    def __call__(self, names: Sequence[str], text: str, vector: np.ndarray) -> tuple[str, float]:
        """Return the most likely status and its probability."""
        p = softmax(self.logits(names, text, vector))
        best = int(np.argmax(p))
        return self.statuses[best], float(p[best])


def status_features(signal: str, family: str, cues: Sequence[Match]) -> list[str]:
    """Return the names of the features of one mention."""
    ids = sorted({cue.id for cue in cues})
    return [f"family {family}", f"signal {signal}", *ids, *(f"{family} {id_}" for id_ in ids)]


def mention_vector(vector: np.ndarray, healthy: bool) -> np.ndarray:
    """Return the vector of a mention, twice as long as that of its sentence: the first half is 0 if it is healthy.

    "Lack of alignment and support" asserts what is unhealthy and negates what is healthy; so each kind of signal has
    weights of its own.
    """
    nothing = np.zeros_like(vector)
    return np.concatenate([nothing, vector] if healthy else [vector, nothing])


def hashed_words(texts: Sequence[str]) -> csr_matrix:
    """Return the hashed words and word pairs of sentences, which tell more of status than single cues alone."""
    return WORD_VALUE * _WORDS.transform([plain(text) for text in texts])
