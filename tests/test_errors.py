from __future__ import annotations

import pytest

from textsignals import errors
from textsignals.errors import InputError, TextSignalsError
from textsignals.records import Problem

WORDINGS = [
    (("a.csv", "is empty"), {}, "a.csv: is empty"),
    (("a.csv", "is empty"), {"hint": "export it again"}, "a.csv: is empty; export it again"),
    (("a.csv", "is no date"), {"place": "line 3"}, "a.csv, line 3: is no date"),
    (("a.csv", "is no date"), {"place": "line 3", "hint": "mend it"}, "a.csv, line 3: is no date; mend it"),
]


@pytest.mark.parametrize(("args", "kwargs", "text"), WORDINGS)
def test_an_input_error_names_file_place_problem_and_hint_in_one_line(args, kwargs, text):
    assert str(InputError(*args, **kwargs)) == text


@pytest.mark.parametrize(("args", "kwargs", "text"), WORDINGS)
def test_a_problem_reads_like_the_error_it_comes_from(args, kwargs, text):
    error = InputError(*args, **kwargs)
    assert str(Problem(error.file, error.place, error.problem, error.hint)) == text


def test_all_errors_have_one_base_so_that_one_except_catches_them():
    own = [thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, Exception)]
    assert len(own) >= 4
    assert [error for error in own if not issubclass(error, TextSignalsError)] == []
    assert [error for error in own if not error.__doc__] == []
