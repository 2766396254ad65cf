"""The command line: each command is a thin skin over one library function."""

from __future__ import annotations

import io
import json
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import click
from click.core import ParameterSource

from textsignals import __version__
from textsignals.errors import TextSignalsError
from textsignals.measures.periods import STEPS

if TYPE_CHECKING:
    from textsignals.evaluate import Figure
    from textsignals.pipeline import Outcome, Settings
    from textsignals.records import Message, ReadReport

F = TypeVar("F", bound=Callable[..., Any])

_MANY = 10
"""So many problems and assumptions are shown on stderr; `read --json` has all."""


class _Group(click.Group):
    """Turns every error of ours into one line on stderr and exit code 1; findings never change the code."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TextSignalsError as error:
            raise click.ClickException(_printable(str(error))) from error
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            raise click.exceptions.Exit(130) from None


def _printable(text: str) -> str:
    """Return text as one line without control characters: names of files and teams may hold orders for a terminal."""
    return "".join(c if c.isprintable() else "·" for c in text)


def _json(value: Any, indent: int | None = None) -> str:
    """Return JSON that can be encoded: file names may hold bytes that are no text, which it writes as \\udc80."""
    return json.dumps(value, indent=indent, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()


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


def _columns(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str]:
    if not value:
        return {}
    # Only here: the readers need libraries that `--help` should not wait for.
    from textsignals.readers.tables import ROLES

    pairs = [item.partition("=") for item in value]
    if any(role not in ROLES or not name for role, _, name in pairs):
        raise click.BadParameter(f"write it as ROLE=NAME, with a role of {', '.join(ROLES)}", ctx, param)
    return {role: name for role, _, name in pairs}


def _known_format(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from textsignals.readers import formats

    if value not in formats():
        raise click.BadParameter(f"no such format: {value}; known are {', '.join(formats())}", ctx, param)
    return value


def _options(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(command: F) -> F:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


_model = click.option("-m", "--model", default="en", show_default=True, help="Name or folder of the model.")
_point = click.option(
    "--operating-point",
    type=click.Choice(["balanced", "strict"]),
    default="balanced",
    show_default=True,
    help="Weigh missed and false tags alike, or spare nearly all sentences that carry nothing.",
)
_quiet = click.option("-q", "--quiet", is_flag=True, help="No progress and no notes, only errors.")
_inputs = click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=str), metavar="INPUT...")
_reading = _options(
    click.option(
        "--format",
        "format_",
        metavar="NAME",
        callback=_known_format,
        help="Read as this format, whatever it looks like.",
    ),
    click.option("--tz", type=_Zone(), default="UTC", show_default=True, help="Zone of times that name none."),
    click.option(
        "--column",
        "columns",
        multiple=True,
        callback=_columns,
        metavar="ROLE=NAME",
        help="Column of a table by role, such as text=Notes; may be given several times.",
    ),
)
_window = _options(
    click.option("--team", metavar="NAME", help="All inputs belong to this team."),
    click.option("--since", type=_Day(), help="Leave out what is older."),
    click.option("--until", type=_Day(), help="Leave out what is newer."),
)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="textsignals")
def main() -> None:
    """Detects autonomy-culture signals in the texts teams already write.

    Nothing leaves this machine. Results are per team, never per person. English only.

    \b
    Begin with:
      textsignals read export.zip                      what is in it?
      textsignals report export.zip -o report.html     how do the teams work together?
    """


@main.command()
@_inputs
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="report.html",
    show_default=True,
    help="Where to; .html, .md or .csv decides what it becomes.",
)
@click.option("--by", type=click.Choice(STEPS), help="Length of a period  [default: by span]")
@_window
@_reading
@_model
@_point
@_quiet
def report(
    inputs: tuple[str, ...],
    output: Path,
    by: str | None,
    model: str,
    operating_point: str,
    quiet: bool,
    **said: Any,
) -> None:
    """Make a per-team trend report from exports, notes, transcripts and tables.

    \b
    INPUT is a file, a folder or a zip: a Slack export, Markdown or plain-text
    minutes, WebVTT transcripts, CSV, TSV or JSONL. Teams are found from the
    channel, the first folder below the input, or a team column.

    \b
    Examples:
      textsignals report export.zip
      textsignals report minutes/ standups.csv -o payments.html --team Payments
      textsignals report export.zip -o trends.csv --by week --since 2026-01-01
    """
    from textsignals.pipeline import count
    from textsignals.reports.content import build
    from textsignals.reports.writers import WRITERS, write
    from textsignals.tagging.tagger import load

    if output.suffix.lower() not in WRITERS:
        raise click.BadParameter(f"{output} does not end in {', '.join(WRITERS)}", param_hint="--output")
    if output.exists() and any(Path(name).exists() and output.samefile(name) for name in inputs):
        raise click.BadParameter(f"{output} is an input; choose another name for the report", param_hint="--output")
    tagger = load(model, operating_point)
    counts, outcome = count(inputs, tagger, _settings(**said), lambda stream: _progress(stream, "Reading", quiet))
    _tell(outcome, quiet)
    if not counts.days:
        raise TextSignalsError("no message was found in any input, so there is nothing to report")
    if counts.foreign and not quiet:
        click.echo(
            "Warning: most of the text is not English; only English is read, so low figures mean nothing", err=True
        )
    write(build(counts, outcome, by=by, command=_command()), output)
    if not quiet:
        click.echo(f"Report: {_printable(str(output))}", err=True)
    _exit(outcome)


def _command() -> str:
    """Return the command line that is running, ready to be given again, without what was left at its default."""
    context = click.get_current_context()
    words = ["textsignals", context.command.name or ""]
    for param in context.command.params:
        if context.get_parameter_source(param.name or "") is not ParameterSource.COMMANDLINE or not param.name:
            continue
        value = context.params[param.name]
        if isinstance(param, click.Argument):
            words += value
        elif value is True:
            words.append(param.opts[-1])
        else:
            given = [f"{role}={name}" for role, name in value.items()] if isinstance(value, dict) else [str(value)]
            words += [word for one in given for word in (param.opts[-1], one)]
    return shlex.join(words)


@main.command()
@_inputs
@_window
@_reading
@_model
@_point
@_quiet
def tag(inputs: tuple[str, ...], model: str, operating_point: str, quiet: bool, **said: Any) -> None:
    """Print one JSON line for each tag; with - as INPUT, each line of stdin is tagged as plain text.

    \b
    The output holds the tagged sentence and where it stands, no author; names of
    authors written as in the source, mentions and mail addresses are blotted out;
    other names may stand in a sentence: read it before you pass it on.
    Examples:
      echo "Nobody told us about the cut-over." | textsignals tag -
      textsignals tag export.zip > tags.jsonl
    """
    from textsignals.measures.privacy import masker
    from textsignals.pipeline import Outcome, messages
    from textsignals.tagging.tagger import load
    from textsignals.teams import public_path

    tagger = load(model, operating_point)
    outcome = Outcome()
    settings = _settings(**said)
    files = [name for name in inputs if name != "-"]
    if "-" in inputs:
        lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
        for number, line in enumerate(lines, start=1):
            _print_tags(tagger.tag_text(line), masker(())(line), {"file": "-", "locator": f"line {number}"})
    # Read twice: whoever writes later may be named before.
    authors = {name for m in messages(files, settings, Outcome()) for name in (m.author, m.author_id) if name}
    mask = masker(authors)
    for message in _progress(messages(files, settings, outcome), "Tagging", quiet):
        place = {"file": public_path(message.file), "locator": message.locator, "team": message.team}
        when = message.timestamp.isoformat() if message.timestamp else None
        _print_tags(tagger.tag_text(message.text), mask(message.text), {**place, "timestamp": when})
    if files:
        _tell(outcome, quiet)
    _exit(outcome)


def _print_tags(tags: Iterable[Any], text: str, place: dict[str, Any]) -> None:
    for found in tags:
        fields = {name: getattr(found, name) for name in type(found).__dataclass_fields__}
        click.echo(_json({**place, **fields, "sentence": text[found.start : found.end]}))


@main.command("read")
@_inputs
@_reading
@click.option("--json", "as_json", is_flag=True, help="The whole account as JSON.")
@_quiet
def read_(inputs: tuple[str, ...], as_json: bool, quiet: bool, **said: Any) -> None:
    """Show what the readers understood of each file; nothing is tagged.

    \b
    Examples:
      textsignals read export.zip
      textsignals read minutes/ --json
    """
    from textsignals.pipeline import Outcome, messages

    outcome = Outcome()
    settings = _settings(**said, team=None, since=None, until=None)
    for _ in _progress(messages(inputs, settings, outcome), "Reading", quiet):
        pass
    if as_json:
        click.echo(_json([_account(report) for report in outcome.reports], indent=2))
    else:
        for report_ in outcome.reports:
            for line in _account_lines(report_):
                click.echo(_printable(line))
    _tell_problems(outcome)
    _exit(outcome)


def _account(report_: ReadReport) -> dict[str, Any]:
    """Return a read report as plain data; paths are those that may be shown."""
    from textsignals.teams import public_path

    files = [
        {
            "file": public_path(f.file),
            "format": f.format,
            "read": f.read,
            "yielded": f.yielded,
            "skipped": dict(f.skipped),
            "quarantined": f.quarantined,
            "details": _sums((public_path(name), n) for name, n in f.details.items()),
            "assumptions": list(f.assumptions),
        }
        for f in report_.files
    ]
    problems = [
        {"file": public_path(p.file), "place": p.place, "problem": p.problem, "hint": p.hint} for p in report_.problems
    ]
    return {
        "input": report_.input,
        "read": report_.read,
        "yielded": report_.yielded,
        "skipped": report_.skipped,
        "quarantined": report_.quarantined,
        "files": files,
        "problems": problems,
    }


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, n in pairs:
        sums[name] = sums.get(name, 0) + n
    return sums


def _account_lines(report_: ReadReport) -> list[str]:
    """Return a read report as lines: one a file, then the sum and what was skipped and assumed."""
    from textsignals.teams import public_path

    rows = [("file", "format", "read", "messages", "skipped", "quarantined")]
    rows += [
        (
            public_path(f.file),
            f.format or "-",
            str(f.read),
            str(f.yielded),
            str(sum(f.skipped.values())),
            str(f.quarantined),
        )
        for f in report_.files
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    lines.append(_identity(report_.read, report_.yielded, report_.skipped, report_.quarantined))
    lines += [f"assumed: {text}" for text in report_.assumptions]
    return lines


def _identity(read: int, yielded: int, skipped: dict[str, int], quarantined: int) -> str:
    reasons = ", ".join(f"{n:,} {reason}" for reason, n in skipped.items())
    left_out = sum(skipped.values())
    noted = f" ({reasons})" if reasons else ""
    messages = "message" if yielded == 1 else "messages"
    return f"{read:,} read = {yielded:,} {messages} + {left_out:,} skipped{noted} + {quarantined:,} quarantined"


@main.command()
@click.argument("text", nargs=-1, required=True)
@_model
@_point
def explain(text: tuple[str, ...], model: str, operating_point: str) -> None:
    """Show why a text gets its tags: rules, cues, words and scores.

    \b
    Example:
      textsignals explain "Let's make sure nobody gets blindsided."
    """
    from textsignals.tagging.tagger import load

    tagger = load(model, operating_point)
    whole = " ".join(text)
    for span in tagger.sentences(whole):
        sentence = whole[span.start : span.end]
        click.echo(_printable(sentence))
        for reason in tagger.explain(sentence):
            tagged = reason.score >= reason.threshold
            sign = f"{reason.signal}: {reason.status}" if tagged else f"not {reason.signal}"
            click.echo(f"  {sign}  score {reason.score:.2f}, threshold {reason.threshold:.2f}")
            if tagged:
                marked = ", ".join(repr(sentence[a:b]) for a, b in reason.tag.evidence)
                words = ", ".join(f"{word} {points:+.2f}" for word, points in reason.words)
                click.echo(f"    evidence  {marked or '-'}")
                rules = (tagger.model.features.rules.by_id[id_] for id_ in reason.rules)
                fired = ", ".join(f"{r.id} (right on {r.right} of {r.fired} real sentences)" for r in rules)
                click.echo(f"    rules     {fired or '-'}")
                click.echo(f"    cues      {', '.join(reason.cues) or '-'}")
                click.echo(f"    words     {words or '-'}")


@main.command()
@click.argument("name", required=False)
@_model
def signals(name: str | None, model: str) -> None:
    """List the signals, or show one with examples and the question it asks.

    \b
    Examples:
      textsignals signals
      textsignals signals blindside
    """
    from textsignals.taxonomy import load_taxonomy

    taxonomy = load_taxonomy(model)
    if name:
        signal = taxonomy.signal(name)
        click.echo(f"{signal.name} ({taxonomy.families[signal.family].title})\n{signal.definition}\n\nExamples")
        for example in signal.examples:
            click.echo(f"  {example}")
        click.echo("Not this")
        for example, why in signal.counter_examples:
            click.echo(f"  {example}  [{why}]")
        click.echo(f"A question for the team\n  {signal.question}")
        return
    for family in taxonomy.families.values():
        click.echo(f"\n{family.name}: {family.title}")
        for signal in taxonomy.of_family(family.name):
            click.echo(f"  {signal.name:<22} {signal.definition}")


@main.command()
@click.argument("file", type=click.Path(path_type=str))
@click.option("--fail-under", type=click.FloatRange(0, 1), help="Exit with 1 if micro-F1 is lower.")
@_model
@_point
def evaluate(file: str, fail_under: float | None, model: str, operating_point: str) -> None:
    """Measure the tagger on labelled sentences: precision, recall and F1 per signal, family and overall.

    \b
    FILE has a JSON object a line: {"text": "...", "labels": [{"signal": "...", "status": "..."}]}
    Example:
      textsignals evaluate corpora/dev.jsonl
    """
    from textsignals.evaluate import MACRO_MINIMUM, read_units
    from textsignals.evaluate import evaluate as measure
    from textsignals.tagging.tagger import load

    tagger = load(model, operating_point)
    taxonomy = tagger.model.taxonomy
    units = list(read_units(file, taxonomy.signals, taxonomy.statuses))
    if not units:
        raise TextSignalsError(f"{file}: holds no labelled sentence")
    result = measure(units, tagger)
    click.echo(f"{result.n_units:,} sentences, operating point {result.operating_point}; asserted tags only")
    click.echo("in brackets: 95 % intervals\n")
    click.echo(f"{'':<24}{'precision':<18}{'recall':<18}{'F1':<18}{'labels':>6}{'tags':>6}")
    for score in (*result.signals, *result.families, result.overall, result.mentions):
        figures = "".join(f"{_figure(x):<18}" for x in (score.precision, score.recall, score.f1))
        click.echo(f"{score.name:<24}{figures}{score.support:>6}{score.tags:>6}")
    at_least = f"with {MACRO_MINIMUM} labels or more"
    click.echo(f"\nmicro-F1 {_figure(result.overall.f1, 3)}")
    click.echo(f"macro-F1 over signals {at_least} {_figure(result.macro_f1, 3)}")
    click.echo(f"macro-F1 over families {at_least} {_figure(result.macro_families, 3)}")
    click.echo(f"precision {_figure(result.overall.precision)}")
    click.echo(f"status right on {result.status_right} of {result.n_status} mentions: {_figure(result.status)}")
    false = result.false_per_1000
    click.echo(f"false tags per 1,000 ordinary sentences {_figure(false, 1)}, on {result.n_ordinary:,} of them")
    click.echo(f"expected calibration error {_figure(result.calibration_error, 3)}")
    if fail_under is not None and not result.overall.f1.value >= fail_under:
        raise click.exceptions.Exit(1)


def _figure(figure: Figure, digits: int = 2) -> str:
    """Return a value with its interval, a dash where nothing can be said."""
    if figure.value != figure.value:
        return "-"
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f}-{figure.high:.{digits}f})"


def _settings(
    format_: str | None,
    tz: tzinfo,
    columns: dict[str, str],
    team: str | None,
    since: date | None,
    until: date | None,
) -> Settings:
    from textsignals.pipeline import Settings

    return Settings(team=team, format=format_, columns=columns, tz=tz, since=since, until=until)


def _progress(stream: Iterable[Message], label: str, quiet: bool) -> Iterator[Message]:
    """Yield from a stream while a bar on stderr moves; nothing is drawn where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield from stream
        return
    with click.progressbar(stream, label=label, file=sys.stderr, show_pos=True) as bar:
        yield from bar


def _tell(outcome: Outcome, quiet: bool) -> None:
    """Say on stderr what was read and left out, and every problem."""
    if not quiet:
        for report_ in outcome.reports:
            said = _identity(report_.read, report_.yielded, report_.skipped, report_.quarantined)
            click.echo(_printable(f"{report_.input}: {said}"), err=True)
            for text in report_.assumptions[:_MANY]:
                click.echo(_printable(f"  assumed: {text}"), err=True)
        if outcome.outside:
            click.echo(f"{outcome.outside:,} messages lie outside the chosen dates", err=True)
    _tell_problems(outcome)


def _tell_problems(outcome: Outcome) -> None:
    problems = outcome.problems
    for problem in problems[:_MANY]:
        click.echo(_printable(f"Error: {problem}"), err=True)
    if len(problems) > _MANY:
        click.echo(f"Error: and {len(problems) - _MANY} more; see: textsignals read --json", err=True)


def _exit(outcome: Outcome) -> None:
    if outcome.problems:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
