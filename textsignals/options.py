"""What several commands share: types of values, and options, each defined once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, tzinfo
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from textsignals.errors import TextSignalsError

F = TypeVar("F", bound=Callable[..., Any])


class _Zone(click.ParamType):  # type: ignore[type-arg]
    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        if isinstance(value, tzinfo):
            return value
        try:
            return UTC if value.upper() == "UTC" else ZoneInfo(value)
        except (OSError, ValueError, KeyError):
            self.fail(f"{value!r} is no time zone; write it like Europe/Berlin", param, ctx)


class _Day(click.ParamType):  # type: ignore[type-arg]
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date; write it like 2026-03-31", param, ctx)


class _Event(click.ParamType):  # type: ignore[type-arg]
    name = "event"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        # Only here: what compares events needs libraries that `--help` should not wait for.
        from textsignals.measures.changes import Event

        if isinstance(value, Event):
            return value
        day, _, title = value.partition("=")
        try:
            told = date.fromisoformat(day.strip())
        except ValueError:
            told = None
        if told is None or not title.strip():
            self.fail(f'{value!r} is no event; write it like 2026-03-01="new on-call rota"', param, ctx)
        return Event(told, title.strip())


def _columns(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    if not value:
        return {}
    # Only here: the readers need libraries that `--help` should not wait for.
    from textsignals.readers.sheets.tables import ROLES

    pairs = [item.partition("=") for item in value]
    if any(role not in ROLES or not name for role, _, name in pairs):
        raise click.BadParameter(f"write it as ROLE=NAME, with a role of {', '.join(ROLES)}", ctx, param)
    return {role: name for role, _, name in pairs}


class _Format(click.Option):
    """Lists the formats in `--help`; they are looked up only there, for the readers need libraries."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        record = super().get_help_record(ctx)
        from textsignals.readers import formats

        return record and (record[0], f"{record[1]} One of: {', '.join(formats())}.")


def _known_format(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from textsignals.readers import formats

    if value not in formats():
        raise click.BadParameter(f"no such format: {value}; known are {', '.join(formats())}", ctx, param)
    return value


def _raised_floor(ctx: click.Context, param: click.Parameter, value: int) -> int:
    # Only here: what measures needs libraries that `--help` should not wait for.
    from textsignals.measures.privacy import raised_floor

    try:
        return raised_floor(value)
    except TextSignalsError as error:
        raise click.BadParameter(str(error), ctx, param) from None


def together(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Return several options as one decorator, in their order."""

    def decorate(command: F) -> F:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


model = click.option("-m", "--model", default="en", show_default=True, help="Name or folder of the model.")
point = click.option(
    "--operating-point",
    type=click.Choice(["balanced", "strict"]),
    default="balanced",
    show_default=True,
    help="Weigh missed and false tags alike, or spare nearly all sentences that carry nothing.",
)
quiet = click.option("-q", "--quiet", is_flag=True, help="No progress and no notes, only errors.")
inputs = click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=str), metavar="INPUT...")
reading = together(
    click.option(
        "--format",
        "format_",
        cls=_Format,
        metavar="NAME",
        callback=_known_format,
        help="Read as this format, whatever it looks like.",
    ),
    click.option("--tz", type=_Zone(), default="UTC", show_default=True, help="Zone of times that name none."),
    click.option(
        "--date-order",
        type=click.Choice(["dmy", "mdy", "ymd"]),
        help="Order of day, month and year, where a file leaves it open.",
    ),
    click.option(
        "--column",
        "columns",
        multiple=True,
        callback=_columns,
        metavar="ROLE=NAME",
        help="Column of a table by role, such as text=Notes; may be given several times.",
    ),
)
window = together(
    click.option("--team", metavar="NAME", help="All inputs belong to this team."),
    click.option(
        "--teams", "teams_file", metavar="FILE", help="A teams.toml: what belongs to which team (teams init drafts it)."
    ),
    click.option("--since", type=_Day(), help="Leave out what is older."),
    click.option("--until", type=_Day(), help="Leave out what is newer."),
)
events = click.option(
    "--event",
    "events",
    type=_Event(),
    multiple=True,
    metavar="DAY=TITLE",
    help="What happened on a day; drawn, and compared before and after. May be given several times.",
)
audience = click.option(
    "--audience",
    type=click.Choice(["team", "organisation"]),
    help="For whom: the team itself, or others, to whom nothing is told of single leads  [default: by number of teams]",
)
evidence = click.option(
    "--evidence",
    type=click.Choice(["off", "redacted"]),
    default="off",
    show_default=True,
    help="Quote redacted example sentences where 10 people and more wrote.",
)
floor = click.option(
    "--min-authors",
    type=int,
    default=5,
    show_default=True,
    metavar="N",
    callback=_raised_floor,
    help="Show nothing that fewer people wrote; 5 or more.",
)
