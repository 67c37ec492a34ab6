"""The command line: `python -m app COMMAND`; `--help` of each says what it does and shows it done."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from app import policy_options
from okr.errors import Code, RatchetError, Refusal, did_you_mean
from okr.org import Role

# Everything else is imported by the command that needs it, so that `--help` and `token` answer at once.

REFUSED = 2
INTERRUPTED = 130  # as shells say of Ctrl-C

LONGEST_TOKEN = 366
DEMONSTRATIONS = ("f1", "hospital", "sales")

EXAMPLES = """\
examples:
  python -m app token hospital lead                    a token for the person who leads in "hospital"
  python -m app import kpis kpis.csv --tenant acme --create
  python -m app import readings readings.csv --tenant acme --evaluate
  python -m app focus acme                             the KPIs that pay off most when fixed
  python -m app policies preview hospital goal-limit --days 365

Settings are environment variables RATCHET_…; without RATCHET_MONGODB_URI a database of our own is started in .data.
"""

READINGS = """\
The file is CSV; its first line names the columns. Needed are `kpi` (the KPI's name or key), `period` (any day of it)
and `value`; `unit` tells KPIs of one name apart, `measure` is checked against the KPI's. Where the columns are called
something else, say so with --column or with a mapping file; see docs/imports.md.

examples:
  python -m app import readings readings.csv --tenant acme --dry-run
  python -m app import readings export.csv --tenant acme --column kpi=Measure --column period=Month --dates %d/%m/%Y \\
      --column "value=100 * (1 - late / total)" --where site=North --numbers 1.234,5
  python -m app import readings ae_attendances.csv --mapping docs/examples/nhs.toml --tenant nhs --create \\
      --complete 36 --evaluate --json
"""

DEFINITIONS = """\
The file is CSV; its first line names the columns. Needed are `kpi` (the name), `unit` (name or key), `measure` (the
unit of the numbers) and `direction` (higher, lower, range). Others: target, red_bound, recovery, baseline, low, high,
outer_low, outer_high, valid_from, since, every (day, week, month, quarter), reduce, late_days, weight, accountable,
reporter, parent, bad, good, band, unit_kind. What is the same in every row is said once: --set measure=%.

examples:
  python -m app import kpis kpis.csv --tenant acme --create --set every=month
  python -m app import kpis kpis.csv --tenant acme --strict --dry-run
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out a command and return the exit status: 0 done, 1 differences found, 2 refused, 130 interrupted."""
    given = parser().parse_args(arguments)
    try:
        if given.command == "token":
            return _token(given.tenant, given.role, given.days)
        return _carried_out(given)
    except RatchetError as error:
        print(f"ratchet: {error}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("ratchet: stopped. What was written is whole; the same command again does the rest.", file=sys.stderr)
        return INTERRUPTED


def _carried_out(given: argparse.Namespace) -> int:
    from app import settings as configured

    settings = configured.read()
    if given.command == "import":
        from app import import_command

        return import_command.bring(settings, given)
    if given.command in policy_options.COMMANDS:
        from app import policy_commands

        return policy_commands.carry_out(settings, given)
    from app import commands

    match given.command:
        case "scan":
            return commands.scan(settings, given.tenant)
        case "focus":
            return commands.focus(settings, given.tenant)
        case "verify":
            return commands.verify(settings, given.tenant)
        case "demo":
            return commands.demo(settings)
        case _:
            from app import story

            status: int = story.play(given.url or f"http://{settings.host}:{settings.port}", settings)
            return status


def _token(tenant: str, role: str, days: float) -> int:
    from app import issuer
    from app import settings as configured

    if role not in set(Role):
        raise Refusal(Code.INVALID, f'There is no role "{role[:40]}".{did_you_mean(role, Role)}', ("role",))
    if not 0 < days <= LONGEST_TOKEN:
        raise Refusal(Code.INVALID, f"A token is good for more than 0 and at most {LONGEST_TOKEN} days.", ("days",))
    settings = configured.read()
    if settings.environment == "production":
        raise Refusal(Code.FORBIDDEN, "In production the identity provider issues the tokens, not this command.")
    hint = did_you_mean(tenant, DEMONSTRATIONS)
    if tenant not in DEMONSTRATIONS and "mean" in hint:  # any tenant may exist: the database is not asked
        print(f'ratchet: "{tenant}" is none of the demonstration tenants.{hint}', file=sys.stderr)
    print(issuer.mint(settings, tenant, issuer.subject_of(tenant, role), datetime.now(UTC), days))
    return 0


def parser() -> argparse.ArgumentParser:
    """Return what reads a command line."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m app", description=__doc__, epilog=EXAMPLES, formatter_class=raw, allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    token = commands.add_parser("token", help="print a token of the development issuer; needs no database")
    token.add_argument("tenant", metavar="TENANT", help="the organisation, such as hospital")
    token.add_argument("role", metavar="ROLE", help=", ".join(Role))
    token.add_argument("--days", type=float, default=30, help="how long it is good for (default: 30)")

    files = commands.add_parser("import", help="bring KPIs or readings from a CSV file")
    kinds = files.add_subparsers(dest="what", metavar="WHAT", required=True)
    for name, said, epilog in (
        ("kpis", "create the KPIs that a file defines, one a row", DEFINITIONS),
        ("readings", "bring the readings of KPIs, one a row", READINGS),
    ):
        _import_options(
            kinds.add_parser(
                name, help=said, description=f"{said[0].upper()}{said[1:]}.", epilog=epilog, formatter_class=raw
            ),
            complete=name == "readings",
        )

    scan = commands.add_parser("scan", help="evaluate everything by the policies, now")
    scan.add_argument("--tenant", metavar="TENANT", help="only this organisation (default: all)")

    focus = commands.add_parser("focus", help="rank the weak KPIs by what fixing them pays, with every factor")
    focus.add_argument("tenant", metavar="TENANT", help="the organisation, such as hospital")

    policy_options.add(commands)

    verify = commands.add_parser("verify", help="recompute every checkpoint from its history and compare")
    verify.add_argument("tenant", metavar="TENANT", help="the organisation, such as hospital")

    commands.add_parser("demo", help="build the demonstration organisations; safe to repeat")

    story = commands.add_parser("story", help="play the demonstration through the API of a running service")
    story.add_argument("--url", help="where the service is (default: as the settings say)")
    return parser


def _import_options(parser: argparse.ArgumentParser, *, complete: bool) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a CSV file")
    parser.add_argument("--tenant", required=True, metavar="TENANT", help="the organisation to import into")
    parser.add_argument("--create", action="store_true", help="make the tenant, units and KPIs that are missing")
    parser.add_argument("--dry-run", action="store_true", help="read and check everything, write nothing")
    parser.add_argument("--strict", action="store_true", help="write nothing if any row is bad")
    if complete:
        parser.add_argument("--complete", type=int, default=0, metavar="N", help="only KPIs with N readings or more")
    columns = parser.add_argument_group("what the columns mean")
    columns.add_argument("--mapping", metavar="FILE", type=Path, help="a TOML or JSON file that says all of this")
    for option, pair, said in (
        ("--column", "FIELD=COLUMN", "the column that holds a field, or a formula of columns"),
        ("--set", "FIELD=VALUE", "a field that is the same in every row"),
        ("--where", "COLUMN=VALUE", "only rows like this; repeat for alternatives"),
    ):
        columns.add_argument(option, metavar=pair, action="append", default=[], help=said)
    columns.add_argument(
        "--numbers", metavar="FORM", help="how numbers are written: 1234.5 (default), 1,234.5, 1.234,5 …"
    )
    columns.add_argument("--dates", metavar="PATTERN", help="how days are written: %%d/%%m/%%Y (default: 2026-03-31)")
    columns.add_argument("--encoding", help="how the text is encoded: utf-8 (default), cp1252, utf-16 …")
    columns.add_argument("--delimiter", help="what stands between fields (default: as in the first line)")
    after = parser.add_argument_group("afterwards")
    after.add_argument("--evaluate", action="store_true", help="evaluate the organisation by its policies")
    after.add_argument("--json", action="store_true", help="end with one line of JSON on standard output")
    after.add_argument("--progress", action="store_true", help="show progress even where no terminal is watching")


if __name__ == "__main__":
    sys.exit(main())
