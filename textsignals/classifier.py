"""The classifier as a scikit-learn estimator: fit it on own labels, put it into pipelines and searches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
from joblib import Parallel, delayed
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

from textsignals.tagging.features import Features
from textsignals.tagging.model import load_model
from textsignals.tagging.rules import RuleSet, tokenizer

# Below this number of examples a head has nothing to learn from; it then says "never".
_FEWEST = 2
_NEVER = -20.0


def fit_head(
    matrix: Any,
    target: np.ndarray,
    C: float,
    class_weight: str | None = None,
    random_state: int = 0,
    sample_weight: np.ndarray | None = None,
) -> tuple[np.ndarray, float]:
    """Return the weights of one logistic head, one a column of `matrix`, and its intercept.

    A head with fewer than two examples, or with nothing else, has no weights and always says the same.
    """
    if target.sum() < _FEWEST or target.all():
        return np.zeros(matrix.shape[1]), _NEVER if not target.all() else -_NEVER
    head = LogisticRegression(C=C, class_weight=class_weight, solver="liblinear", random_state=random_state)
    head.fit(matrix, target, sample_weight=sample_weight)
    return head.coef_[0], float(head.intercept_[0])


class SignalClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Logistic heads, one a signal, over hashed n-grams and the model's encoder, plus a fixed weight for rules.

    The heads do not see the rules: rules are written while reading training text, so their weight learned there would
    be too high, and what stands beside them would learn too little. Parameters: `model` names the model whose taxonomy,
    encoder and rules are used; `use_encoder` turns its vectors on; `rule_weight` is what a rule that is always right
    adds to the logit (0 turns rules off); `n_hashed` is the number of columns for n-grams, an even one; `C` and
    `class_weight` are those of LogisticRegression; `n_jobs` heads are fitted side by side; `random_state` seeds them.
    `signals` names the columns of Y, the model's signals by default; after fitting `signals_` holds them.

    >>> texts = ["He checks every line I write.", "Nice weather.", "She checks every mail.", "Lunch at noon?"]
    >>> fitted = SignalClassifier(signals=("micromanagement",)).fit(texts, [[1], [0], [1], [0]])
    >>> fitted.predict(["He checks every mail I write."]).tolist()
    [[1]]
    """

    def __init__(
        self,
        model: str | Path = "en",
        *,
        signals: Sequence[str] | None = None,
        use_encoder: bool = True,
        rule_weight: float = 3.0,
        n_hashed: int = 2**18,
        C: float = 4.0,
        class_weight: str | None = None,
        n_jobs: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.signals = signals
        self.use_encoder = use_encoder
        self.rule_weight = rule_weight
        self.n_hashed = n_hashed
        self.C = C
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Sequence[str], y: Any, sample_weight: np.ndarray | None = None) -> Self:
        """Fit on texts and an indicator array of shape (len(X), number of signals); returns itself.

        Signals with fewer than two examples are never predicted. Raises ValueError without a text, or if the shapes do
        not agree.
        """
        model = load_model(self.model)
        self.signals_ = np.array(list(model.taxonomy.signals if self.signals is None else self.signals))
        # A row of classes a signal, from which scorers of scikit-learn tell that each is a label of its own.
        self.classes_ = np.tile([0, 1], (len(self.signals_), 1))
        indicator = np.asarray(y)
        if indicator.shape != (len(X), len(self.signals_)):
            raise ValueError(f"Y has shape {indicator.shape}, expected {(len(X), len(self.signals_))}")
        if not len(X):
            raise ValueError("there is no text to fit on")
        nlp, rules = tokenizer(model.meta["language"]), model.features.rules.rules
        own = RuleSet([rule for rule in rules if rule.signal in set(self.signals_)], nlp)
        encoder = model.features.encoder if self.use_encoder else None
        self.features_ = Features(self.n_hashed, list(self.signals_), own, nlp, encoder)
        seen = self.features_.transform(X)[:, : self.features_.first_rule]
        heads = Parallel(n_jobs=self.n_jobs)(
            delayed(fit_head)(seen, column, self.C, self.class_weight, self.random_state, sample_weight)
            for column in indicator.T
        )
        self.coef_ = np.hstack([np.array([coef for coef, _ in heads]), self.rule_weight * np.eye(len(heads))])
        self.intercept_ = np.array([intercept for _, intercept in heads])
        self.thresholds_ = np.full(len(self.signals_), 0.5)
        return self

    def decision_function(self, X: Sequence[str]) -> np.ndarray:
        """Return the logits, shape (len(X), number of signals)."""
        check_is_fitted(self, "coef_")
        return np.asarray(self.features_.transform(X) @ self.coef_.T + self.intercept_)

    def predict_proba(self, X: Sequence[str]) -> np.ndarray:
        """Return the probability of each signal in each text, shape (len(X), number of signals)."""
        return np.asarray(expit(self.decision_function(X)))

    def predict(self, X: Sequence[str]) -> np.ndarray:
        """Return 1 where the probability reaches the signal's threshold (`thresholds_`, 0.5 after fitting), else 0."""
        return (self.predict_proba(X) >= self.thresholds_).astype(int)
