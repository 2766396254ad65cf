"""The command line: each command is a thin skin over one library function."""

from __future__ import annotations

import io
import json
import shlex
import sys
from collections.abc import Iterable, Iterator
from datetime import date, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from textsignals import __version__, options
from textsignals.errors import TextSignalsError
from textsignals.measures.periods import STEPS

if TYPE_CHECKING:
    from textsignals.evaluate import Figure
    from textsignals.measures.changes import Event
    from textsignals.pipeline import Outcome, Settings
    from textsignals.records import Message
    from textsignals.reports.basis import Audience

_MANY = 10
"""So many problems and assumptions are shown on stderr; `read --all` has the rest."""


_FILES = ("output", "teams_file", "model")
"""Options whose values may have folders on the way, which may be named after a person."""


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
@options.inputs
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default="report.html",
    show_default=True,
    help="Where to; .html, .md, .csv or .json decides what it becomes.",
)
@click.option("--by", type=click.Choice(STEPS), help="Length of a period  [default: by span]")
@options.audience
@options.events
@options.evidence
@options.floor
@options.window
@options.reading
@options.model
@options.point
@options.quiet
def report(
    inputs: tuple[str, ...],
    output: Path,
    by: str | None,
    audience: Audience | None,
    events: tuple[Event, ...],
    evidence: str,
    min_authors: int,
    model: str,
    operating_point: str,
    quiet: bool,
    **said: Any,
) -> None:
    """Make a per-team trend report from exports, notes, transcripts and tables.

    \b
    INPUT is a file, a folder or a zip: exports of chats, minutes and notes,
    transcripts, boards, stand-ups, mail, tables; mixed as you like. Teams are
    found from the channel, the first folder below the input, or a team column.

    \b
    Examples:
      textsignals report export.zip
      textsignals report minutes/ standups.csv -o payments.html --team Payments
      textsignals report export.zip -o trends.csv --by week --since 2026-01-01
      textsignals report export.zip --event 2026-03-01="new on-call rota"
    """
    from textsignals.measures.evidence import Quotes
    from textsignals.measures.ledger import Ledger, project_key
    from textsignals.measures.redaction import Redactor
    from textsignals.pipeline import count, names
    from textsignals.reports.content import build
    from textsignals.reports.writers import WRITERS, write
    from textsignals.tagging.tagger import load
    from textsignals.teams import Pseudonyms

    if output.suffix.lower() not in WRITERS:
        raise click.BadParameter(f"{output} does not end in {', '.join(WRITERS)}", param_hint="--output")
    if output.exists() and any(Path(name).exists() and output.samefile(name) for name in inputs):
        raise click.BadParameter(f"{output} is an input; choose another name for the report", param_hint="--output")
    settings = _settings(**said)
    tagger = load(model, operating_point)
    # Read first: whoever writes later may be named before.
    quoting = (Quotes(), Redactor(names(inputs, settings))) if evidence == "redacted" else None
    counts, outcome = count(
        inputs,
        tagger,
        settings,
        lambda stream: _progress(stream, "Reading", quiet),
        pseudonyms=Pseudonyms(project_key()),
        quotes=quoting[0] if quoting else None,
    )
    _tell(outcome, quiet)
    if not counts.days:
        raise TextSignalsError("no message was found in any input, so there is nothing to report")
    if counts.foreign and not quiet:
        click.echo(
            "Warning: most of the text is not English; only English is read, so low figures mean nothing", err=True
        )
    # What is shown is kept before it is written, so that no report can be without its entry.
    with Ledger(zone=str(settings.tz)) as ledger:
        content = build(
            counts,
            outcome,
            by=by,
            audience=audience,
            events=events,
            quoting=quoting,
            ledger=ledger,
            min_authors=min_authors,
            command=_command(),
        )
    write(content, output)
    if not quiet:
        click.echo(f"Report: {_printable(str(output))}", err=True)
    _exit(outcome)


def _command() -> str:
    """Return the command line that is running, without what was left at its default and the folders of its files."""
    from textsignals.teams import base_name

    context = click.get_current_context()
    words = ["textsignals", context.command.name or ""]
    for param in context.command.params:
        if context.get_parameter_source(param.name or "") is not ParameterSource.COMMANDLINE or not param.name:
            continue
        value = context.params[param.name]
        if isinstance(param, click.Argument):
            words += map(base_name, value)
        elif value is True:
            words.append(param.opts[-1])
        else:
            given = [base_name(value) if param.name in _FILES else str(value)]
            if isinstance(value, dict):
                given = [f"{role}={name}" for role, name in value.items()]
            elif isinstance(value, tuple):
                given = [f"{event.day}={event.title}" for event in value]
            words += [word for one in given for word in (param.opts[-1], one)]
    return shlex.join(words)


@main.command()
@options.inputs
@options.window
@options.reading
@options.model
@options.point
@options.quiet
def tag(inputs: tuple[str, ...], model: str, operating_point: str, quiet: bool, **said: Any) -> None:
    """Print one JSON line for each tag; with - as INPUT, each line of stdin is tagged as plain text.

    \b
    The output holds the tagged sentence and where it stands, no author; names,
    addresses, links, numbers, tickets and keys are blotted out. A name that no
    author bears may be missed (about 3 in 100): read it before you pass it on.
    Examples:
      echo "We learned about the cut-over from a client." | textsignals tag -
      textsignals tag export.zip > tags.jsonl
    """
    from textsignals.measures.redaction import Redactor
    from textsignals.pipeline import Outcome, messages, names
    from textsignals.tagging.tagger import load
    from textsignals.teams import public_path

    settings = _settings(**said)
    tagger = load(model, operating_point)
    outcome = Outcome()
    files = [name for name in inputs if name != "-"]
    if "-" in inputs:
        nameless = Redactor()
        lines = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
        for number, line in enumerate(lines, start=1):
            _print_tags(tagger.tag_text(line), nameless.blot(line), {"file": "-", "locator": f"line {number}"})
    # Read twice: whoever writes later may be named before.
    redactor = Redactor(names(files, settings))
    for message in _progress(messages(files, settings, outcome), "Tagging", quiet):
        place = {"file": public_path(message.file), "locator": message.locator, "team": message.team}
        when = message.timestamp.isoformat() if message.timestamp else None
        _print_tags(tagger.tag_text(message.text), redactor.blot(message.text), {**place, "timestamp": when})
    if files:
        _tell(outcome, quiet)
    _exit(outcome)


def _print_tags(tags: Iterable[Any], text: str, place: dict[str, Any]) -> None:
    for found in tags:
        fields = {name: getattr(found, name) for name in type(found).__dataclass_fields__}
        click.echo(_json({**place, **fields, "sentence": text[found.start : found.end]}))


@main.command()
@click.confirmation_option(
    "--yes",
    help="Delete without asking first.",
    prompt="Delete the key of all pseudonyms, and what is kept of earlier reports?",
)
@options.quiet
def forget(quiet: bool) -> None:
    """Delete what is kept between reports: the key of pseudonyms and the ledger.

    \b
    The ledger keeps, under a key, which text earlier reports were about, so that no
    later report can be subtracted from them. Without it, nothing is compared any more.
    Both are in $TEXTSIGNALS_STATE, or else in ~/.local/state/textsignals.
    Example:
      textsignals forget --yes
    """
    from textsignals.measures.ledger import forget as forget_all
    from textsignals.measures.ledger import state_folder

    folder = state_folder()
    forget_all(folder)
    if not quiet:
        click.echo(f"Deleted: key and ledger in {_printable(str(folder))}", err=True)


@main.command("read")
@options.inputs
@options.reading
@click.option("--json", "as_json", is_flag=True, help="The whole account as JSON.")
@click.option("--all", "everything", is_flag=True, help="Every file, assumption and problem, however many.")
@options.quiet
def read_(inputs: tuple[str, ...], as_json: bool, everything: bool, quiet: bool, **said: Any) -> None:
    """Show what the readers understood of each file; nothing is tagged.

    \b
    Every record of a file is a message, skipped for a reason, or in quarantine
    because it cannot be understood.
    Examples:
      textsignals read export.zip
      textsignals read minutes/ --json
    """
    from textsignals import accounts
    from textsignals.pipeline import Outcome, messages

    outcome = Outcome()
    for _ in _progress(messages(inputs, _settings(**said), outcome), "Reading", quiet):
        pass
    if as_json:
        click.echo(_json([accounts.as_data(report) for report in outcome.reports], indent=2))
    elif any(file.format or not file.quarantined for file in outcome.whole.files):
        for line in accounts.lines(outcome.whole, everything=everything):
            click.echo(_printable(line))
    _tell_problems(outcome, None if everything else _MANY)
    _exit(outcome)


@main.group()
def teams() -> None:
    """Draft and check a teams.toml, which says what belongs to which team.

    \b
    Examples:
      textsignals teams init export.zip minutes/
      textsignals teams check export.zip minutes/
    """


@teams.command("init")
@options.inputs
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    default="teams.toml",
    show_default=True,
    help="Where to; - is stdout.",
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--with-authors", is_flag=True, help="Add names of people, commented out, as authors of the teams.")
@options.reading
@options.quiet
def teams_init(
    inputs: tuple[str, ...], output: Path, force: bool, with_authors: bool, quiet: bool, **said: Any
) -> None:
    """Write a first teams.toml from the channels, folders and files of the inputs.

    \b
    Names that look alike are put together; numbers stand beside them as comments.
    Read it, move lines, then look at what it makes of the text: textsignals teams check
    Examples:
      textsignals teams init export.zip minutes/
      textsignals teams init export.zip -o all.toml --force
    """
    from textsignals.draft import draft
    from textsignals.output import write_text
    from textsignals.pipeline import Outcome
    from textsignals.survey import survey

    to_stdout = str(output) == "-"
    if output.exists() and not force and not to_stdout:
        raise click.BadParameter(f"{output} is there already; choose another name, or --force", param_hint="--output")
    outcome = Outcome()
    found = survey(inputs, _settings(**said), outcome, lambda stream: _progress(stream, "Reading", quiet))
    _tell(outcome, quiet)
    if not found.places:
        raise TextSignalsError("no message was found in any input, so there is nothing to draft from")
    text = draft(found, inputs, with_authors=with_authors)
    if to_stdout:
        click.echo(text, nl=False)
    else:
        write_text(text, output)
        if not quiet:
            click.echo(f"Draft: {_printable(str(output))}", err=True)
    _exit(outcome)


@teams.command("check")
@options.inputs
@click.option(
    "--teams",
    "teams_file",
    metavar="FILE",
    default="teams.toml",
    show_default=True,
    help="The file that is checked.",
)
@options.reading
@options.quiet
def teams_check(inputs: tuple[str, ...], quiet: bool, **said: Any) -> None:
    """Show what a teams.toml makes of the inputs, and what it leaves open.

    \b
    For each team: records, authors, first and last day. Then what no pattern claims,
    what two teams claim, and patterns that match nothing.
    Example:
      textsignals teams check export.zip minutes/ --teams teams.toml
    """
    from textsignals.pipeline import Outcome
    from textsignals.survey import review, review_lines

    outcome = Outcome()
    found = review(inputs, _settings(**said), outcome, lambda stream: _progress(stream, "Reading", quiet))
    for line in review_lines(found):
        click.echo("\n".join(map(_printable, line.split("\n"))))
    _tell(outcome, quiet)
    _exit(outcome)


@main.command()
@click.argument("text", nargs=-1, required=True)
@options.model
@options.point
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
@options.model
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
@options.model
@options.point
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
    date_order: str | None,
    columns: dict[str, str],
    team: str | None = None,
    teams_file: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Settings:
    from textsignals.pipeline import Settings
    from textsignals.team_file import load_teams

    return Settings(
        team=team,
        teams=load_teams(teams_file) if teams_file else None,
        format=format_,
        columns=columns,
        tz=tz,
        date_order=date_order,
        since=since,
        until=until,
    )


def _progress(stream: Iterable[Message], label: str, quiet: bool) -> Iterator[Message]:
    """Yield from a stream while a bar on stderr moves; nothing is drawn where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield from stream
        return
    with click.progressbar(stream, label=label, file=sys.stderr, show_pos=True) as bar:
        yield from bar


def _tell(outcome: Outcome, quiet: bool) -> None:
    """Say on stderr what was read and left out, and every problem."""
    from textsignals.accounts import assumptions, identity
    from textsignals.teams import base_name

    if not quiet:
        for report_ in outcome.reports:
            told = identity(report_.read, report_.yielded, report_.skipped, report_.quarantined)
            click.echo(_printable(f"{base_name(report_.input)}: {told}"), err=True)
            for text in assumptions(report_)[:_MANY]:
                click.echo(_printable(f"  assumed: {text}"), err=True)
        if outcome.outside:
            click.echo(f"{outcome.outside:,} messages lie outside the chosen dates", err=True)
    _tell_problems(outcome)


def _tell_problems(outcome: Outcome, most: int | None = _MANY) -> None:
    problems = outcome.problems
    for problem in problems[:most]:
        click.echo(_printable(f"Error: {problem}"), err=True)
    if most and len(problems) > most:
        click.echo(f"Error: and {len(problems) - most} more; see: textsignals read --all", err=True)


def _exit(outcome: Outcome) -> None:
    if outcome.problems:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
