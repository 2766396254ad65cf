import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from textsignals.names import grouped, is_noise, words


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("payments payments-standup retro-payments team_payments", ["payments"] * 4),
        # A word that stands alone somewhere is the team, wherever it stands elsewhere.
        ("web-payments payments payments-api", ["payments"] * 3),
        # Else the first word, if several share it; else all words.
        ("mobile-ios mobile-android data-platform", ["mobile", "mobile", "data-platform"]),
        ("general random all-hands standup", ["", "", "hands", ""]),
        ("Payments PAYMENTS-Retro PaymentsDaily", ["payments"] * 3),
        # How a company names its channels is no team ...
        ("acme-a acme-b acme-c acme-a-retro acme-d acme-general", ["a", "b", "c", "a", "d", ""]),
        # ... but three channels of one team are, or more if one of them has just that name.
        ("pay pay-a pay-b pay-c pay-d mobile", ["pay"] * 5 + ["mobile"]),
        ("pay-a pay-b pay-c", ["pay"] * 3),
        ("team-1 team-2-retro squad7", ["team-1", "team-2-retro", "squad7"]),
        ("2026-03-13 2026", ["", ""]),
        # Channels of machines belong to a team only if it has another place.
        ("payments payments-alerts alerts-prod prod-alerts", ["payments", "payments", "", ""]),
        ("équipe-étoile étoile", ["étoile", "étoile"]),
    ],
)
def test_names_that_speak_of_one_team_are_put_together(names, expected):
    listed = names.split()
    found = grouped(listed)
    assert [found[name] for name in listed] == expected


def test_known_teams_keep_their_names_and_are_never_put_together():
    found = grouped(["payments-eu-retro", "payments-us", "eu", "payments"], ["Payments EU", "Payments US"])
    assert found == {
        "payments-eu-retro": "Payments EU",
        "payments-us": "Payments US",
        "eu": "eu",
        "payments": "payments",
    }


@pytest.mark.parametrize("name", ["alerts-prod", "Random", "ci_builds", "fun"])
def test_channels_of_machines_and_of_leisure_are_noise(name):
    assert is_noise(name)


@pytest.mark.parametrize("name", ["payments", "logistics", "funding", "builders"])
def test_names_that_only_begin_like_noise_are_none(name):
    assert not is_noise(name)


@given(st.lists(st.text(max_size=12), max_size=8))
@settings(max_examples=50, deadline=None)
def test_every_name_gets_an_answer_and_those_that_say_nothing_are_in_no_team(names):
    found = grouped(names)
    assert set(found) == set(names)
    assert all(words(name) for name, team in found.items() if team)
