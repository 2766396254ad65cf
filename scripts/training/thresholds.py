"""From which score on a sentence is tagged, and how often that is right."""

from __future__ import annotations

import numpy as np

STRICT_SPECIFICITY = 0.998
# Signals are so rare that a specificity alone leaves half of the tags wrong.
STRICT_PRECISION = 0.75
# F1 figures that differ by less are equal: a single sentence moves them by as much.
_PLATEAU = 0.005
# A signal's own threshold counts as much as that of all signals where this many sentences carry it.
_BORROWED = 40


def balanced(p: np.ndarray, y: np.ndarray, use: np.ndarray, lowest: float) -> np.ndarray:
    """Return a threshold a signal: that of best F1 of the signal, drawn towards that of all signals where few carry it.

    `p` holds the probability where a sentence would be tagged as asserted and 0 elsewhere, `y` where it should be; all
    have the shape (sentences, signals).
    """
    common = best_f1(p[use], y[use], lowest)
    result = np.zeros(p.shape[1])
    for i in range(p.shape[1]):
        known = use[:, i]
        n = int(y[known, i].sum())
        own = best_f1(p[known, i], y[known, i], lowest) if n else common
        share = n / (n + _BORROWED)
        result[i] = share * own + (1 - share) * common
    return result


def best_f1(p: np.ndarray, y: np.ndarray, lowest: float) -> float:
    """Return the lowest threshold as good as the best in F1, averaged to sit away from single sentences.

    Among equals the lowest, because a rate can be corrected for false tags but not for text that is never seen.
    """
    grid = np.arange(lowest, 0.9, 0.01)
    f1 = [2 * ((p >= t) & y).sum() / max(1, (p >= t).sum() + y.sum()) for t in grid]
    # Each end is repeated, so that the average does not fall off there.
    smooth = np.convolve(np.pad(f1, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    return float(grid[int(np.flatnonzero(smooth >= smooth.max() - _PLATEAU)[0])])


def strict(p: np.ndarray, y: np.ndarray, use: np.ndarray, least: np.ndarray) -> np.ndarray:
    """Return a threshold a signal, no lower than `least`, that spares the share of others that it should."""
    result = least.copy()
    for i in range(p.shape[1]):
        others = np.sort(p[use[:, i] & ~y[:, i], i])[::-1]
        allowed = int((1 - STRICT_SPECIFICITY) * len(others))
        if allowed < len(others):
            result[i] = max(least[i], min(1.0, float(others[allowed]) + 1e-4))
    return result


def precise(p: np.ndarray, y: np.ndarray, lowest: float) -> float:
    """Return the lowest threshold from which on the tags above it are right as often as strict ones should be."""
    for t in np.arange(lowest, 1.0, 0.01):
        flagged = p >= t
        if (flagged & y).sum() >= STRICT_PRECISION * flagged.sum():
            return float(t)
    return 1.0


def quality(flagged: np.ndarray, y: np.ndarray, known: np.ndarray, ordinary: np.ndarray) -> dict[str, int]:
    """Return hits and false alarms among `known` sentences, and of those at natural prevalence how many stay quiet."""
    quiet = ~y & ordinary
    return {
        "tp": int((flagged & y & known).sum()),
        "fp": int((flagged & ~y & known).sum()),
        "p": int((y & known).sum()),
        "tn": int((~flagged & quiet).sum()),
        "n": int(quiet.sum()),
    }
