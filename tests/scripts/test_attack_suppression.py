"""The attack recovers nothing of what reports hide, and does where a protection is taken away."""

from __future__ import annotations

import runpy

import pytest

SETS = 64


@pytest.fixture(scope="module")
def script(root):
    return runpy.run_path(str(root / "scripts" / "attack-suppression"))


def test_nothing_hidden_comes_out_and_without_protection_much_does(script, capsys):
    assert script["main"](["--sets", str(SETS)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    recovered, bare = (int(part.rpartition(" ")[2]) for part in last.split(";"))
    assert recovered == 0
    assert bare > SETS / 10


@pytest.mark.parametrize("protection", ["pools", "ledger"])
def test_each_protection_is_needed(script, monkeypatch, capsys, protection):
    parts = script["main"].__globals__
    if protection == "ledger":
        monkeypatch.setattr(parts["Ledger"], "admit", lambda self, atoms: "")
    else:
        monkeypatch.setitem(parts, "plan", unpooled(parts["plan"]))
    assert script["main"](["--sets", "32"]) == 1
    assert int(capsys.readouterr().out.splitlines()[-1].split(";")[0].rpartition(" ")[2]) > 0


def unpooled(plan):
    """Return a plan whose totals are of everything."""

    def made(cells, verdicts, refused):
        careful = plan(cells, verdicts, refused)
        rows = {period: tuple(cell for cell in cells if cell[1] == period) for period in careful.rows}
        return type(careful)(careful.hidden, rows, tuple(cells))

    return made
