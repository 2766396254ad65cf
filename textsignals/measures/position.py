"""Where a team stands on the two axes, autonomy and alignment, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

from textsignals.measures.rates import Rate
from textsignals.taxonomy import Family

PRIOR = 0.005
"""Added to the rate of each family, so that a team of whom nearly nothing is known stands in the middle."""

REGION = 0.8
"""How often the region of a place holds the true place."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a team stands in a window of time: axes from -1 to 1, and the radii and tilt (degrees) of its region."""

    label: str
    autonomy: float
    alignment: float
    radii: tuple[float, float]
    tilt: float


def place(label: str, families: Sequence[Family], rates: Sequence[Rate]) -> Place | None:
    """Return the place that the rates of some families give: the mean of their corners, weighted by the rates.

    The region follows from the intervals of the rates by the delta method. None if a rate cannot be measured.
    """
    share = np.array([rate.rate for rate in rates]) + PRIOR
    total = float(share.sum())
    if not math.isfinite(total):
        return None
    corners = np.array([[family.autonomy, family.alignment] for family in families], dtype=float)
    centre = share @ corners / total
    spread = np.array([(rate.high - rate.low) / (2 * norm.ppf(0.975)) for rate in rates])
    # How far each rate moves the mean, times how sure that rate is.
    slopes = (corners - centre) / total
    variances, axes = np.linalg.eigh((slopes * spread[:, None] ** 2).T @ slopes)
    radii = np.sqrt(np.maximum(variances, 0) * chi2.ppf(REGION, 2))
    tilt = math.degrees(math.atan2(axes[1, 1], axes[0, 1]))
    return Place(label, float(centre[0]), float(centre[1]), (float(radii[1]), float(radii[0])), tilt)
