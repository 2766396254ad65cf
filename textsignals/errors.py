"""Every error that textsignals raises on purpose; a leaf module."""

from __future__ import annotations


class TextSignalsError(Exception):
    """Base of all errors a user can mend; the command line prints its text and exits with 1."""


class InputError(TextSignalsError):
    """An input could not be read: names the file, the place in it, what is wrong and what to try."""

    def __init__(self, file: str, problem: str, *, place: str = "", hint: str = "") -> None:
        self.file, self.place, self.problem, self.hint = file, place, problem, hint
        super().__init__(located(file, place, problem, hint))


def located(file: str, place: str, problem: str, hint: str) -> str:
    """Return the one line that tells a user what is wrong where; `place` and `hint` may be empty.

    >>> located("a.csv", "line 3", "has 3 cells under 2 columns", "")
    'a.csv, line 3: has 3 cells under 2 columns'
    """
    where = f"{file}, {place}" if place else file
    return f"{where}: {problem}" + (f"; {hint}" if hint else "")


class ModelError(TextSignalsError):
    """A model folder is missing, damaged, or made of parts that do not belong together."""


class UnknownSignalError(TextSignalsError):
    """A signal was asked for that the taxonomy does not hold; the message lists those it does."""
