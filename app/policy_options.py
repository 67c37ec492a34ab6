"""What can be typed about policies: the options of `policies`, `waivers`, `decisions` and `quality`, with examples."""

import argparse
from typing import Any

from okr.policy import PolicyMode, Severity

COMMANDS = ("policies", "waivers", "decisions", "quality")

LIFE = """\
A policy begins by observing. Preview a change, publish it, watch what people make of it, tune it, or go back:

  python -m app policies list hospital
  python -m app policies show hospital goal-limit
  python -m app policies preview hospital goal-limit --set limit=2 --days 365
  python -m app policies publish hospital goal-limit 2 --note "Agreed with the heads of department"
  python -m app quality hospital
  python -m app policies roll-back hospital goal-limit 1

Versions are saved in the API (savePolicy). All of it in plain words: docs/policies.md.
"""

PREVIEW = """\
Shows what a policy would open, end and leave as it is on today's facts, unit by unit, and what differs from the version
in force; with --days also what it would have done on past days, month by month. Nothing is stored.

examples:
  python -m app policies preview hospital goal-limit                  the newest version, draft or in force
  python -m app policies preview hospital goal-limit --set limit=2 --mode advise
  python -m app policies preview hospital kpi-breach --days 365       and what it would have done in a year
  python -m app policies preview hospital few-kpis --template kpi_count --set limit=5
  python -m app policies preview hospital goal-limit --unit "Outpatient clinic"       what the unit's changes would do
"""

SAVE = """\
Writes the next version as a draft: the newest one with what you say put over it. It does nothing until it is
published. With --unit it is what that unit changes, and then says all of it: what is left out is as the policy says. A
condition of your own, a scope, test cases and locks are saved through the API (savePolicy).

examples:
  python -m app policies save hospital goal-limit --set limit=2 --note "Focus"
  python -m app policies save hospital kpi-stale --mode advise
  python -m app policies save hospital few-kpis --template kpi_count --set limit=5
  python -m app policies save hospital goal-limit --unit "Outpatient clinic" --set limit=1 --severity critical
"""

PUBLISH = """\
Runs the test cases, looks at what the version would do, puts it in force and says both. Refused are a version that
fails a test case, one drafted before somebody else published, a policy that was never in force and would act at once,
one in mode auto that its own author publishes, and, without --confirm, one that would act and matches more than half
of what it looks at. A draft is saved in the API (savePolicy).

examples:
  python -m app policies publish hospital goal-limit 2 --note "Agreed with the heads of department"
  python -m app policies publish hospital goal-limit 2 --confirm
"""

ROLL_BACK = """\
Puts what an earlier version said in force again, as a new version; it passes the same gate as any other. It keeps the
condition and the author of the earlier version.

examples:
  python -m app policies roll-back hospital goal-limit 1 --note "Two goals were too few"
"""

RETIRE = """\
Takes a policy, or what a unit changes of it, out of force; what it had asked ends. What units change of a policy is
retired with it. roll-back brings a policy back; with --unit, what a unit changed.

examples:
  python -m app policies retire hospital kpi-count --note "Settled for this year"
"""

SHOW = """\
Shows the version in force (the newest draft where none is): the condition in words, the parameters and where they come
from, where and when it holds, its test cases, what units change of it, and its history.

examples:
  python -m app policies show hospital kpi-breach
"""

EFFECTIVE = """\
Shows every policy that holds for a unit today, with each value and where it comes from: the template, the policy, or a
unit on the way down; and what is locked. The unit is given by name or key.

examples:
  python -m app policies effective hospital "Outpatient pharmacy"
"""

WAIVERS = """\
Lists the waivers that hold today: of which policy, for what, why, who approved it, and the first day on which it no
longer holds. They are granted and ended in the API (grantWaiver, endWaiver).

examples:
  python -m app waivers hospital --all                                those that are over or were ended too
"""

DECISIONS = """\
One line a run: what set it off (a change, the day, a publish; "write" where a policy blocked a change or somebody went
on against it), how much was looked at and matched, and what came of it.

examples:
  python -m app decisions hospital --limit 10
"""

QUALITY = """\
Counts for each policy how often people were asked and what they did: accepted, left it until it was over, let it lapse,
or dismissed it, by reason; and says what that means. Fewer than five outcomes are too few to judge.

examples:
  python -m app quality hospital
"""

Parsers = Any  # argparse gives what add_subparsers returns no public name
RAW = argparse.RawDescriptionHelpFormatter


def add(commands: Parsers) -> None:
    """Add the commands about policies to those of the command line."""
    policies = commands.add_parser(
        "policies",
        help="list, explain, save, preview, publish, roll back and retire policies",
        epilog=LIFE,
        formatter_class=RAW,
    )
    whats = policies.add_subparsers(dest="what", metavar="WHAT", required=True)
    listed = _about(whats, "list", "what is in force, what units change of it, and the drafts that wait", LIFE)
    listed.add_argument("--all", action="store_true", help="every version, retired ones too")
    _unit(_key(_about(whats, "show", "one policy in words, with its history", SHOW)))
    _preview(_unit(_key(_about(whats, "preview", "what a version would do; stores nothing", PREVIEW))))
    _save(_unit(_note(_key(_about(whats, "save", "write the next version as a draft", SAVE)))))
    for name, said, epilog in (
        ("publish", "put a saved version in force", PUBLISH),
        ("roll-back", "put an earlier version in force again", ROLL_BACK),
    ):
        gated = _key(_about(whats, name, said, epilog))
        gated.add_argument("version", metavar="VERSION", type=int, help="which, as `policies show` numbers them")
        gated.add_argument(
            "--confirm", action="store_true", help="also where it matches more than half of what it looks at"
        )
        _unit(_note(gated))
    _unit(_note(_key(_about(whats, "retire", "take a policy out of force", RETIRE))))
    effective = _about(whats, "effective", "what holds for a unit, and where each value comes from", EFFECTIVE)
    effective.add_argument("unit", metavar="UNIT", help="the unit's name or key")
    templates = whats.add_parser("templates", help="what policies are made from; needs no database")
    templates.add_argument("template", metavar="TEMPLATE", nargs="?", help="only this one, with its examples")

    waivers = _about(commands, "waivers", "what is excused from a policy, why and until when", WAIVERS)
    waivers.add_argument("--all", action="store_true", help="those that are over too")
    decisions = _about(
        commands, "decisions", "the decision log: each run of the policies and what came of it", DECISIONS
    )
    decisions.add_argument("--limit", type=int, default=20, metavar="N", help="how many, newest first (default: 20)")
    _about(commands, "quality", "what people made of each policy: accepted, dismissed and why", QUALITY)


def _about(whats: Parsers, name: str, said: str, epilog: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = whats.add_parser(
        name, help=said, description=f"{said[0].upper()}{said[1:]}.", epilog=epilog, formatter_class=RAW
    )
    parser.add_argument("tenant", metavar="TENANT", help="the organisation, such as hospital")
    return parser


def _key(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("key", metavar="KEY", help="the policy, such as goal-limit")
    return parser


def _unit(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--unit", metavar="UNIT", help="not the policy itself, but what this unit changes of it")
    return parser


def _note(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--note", default="", metavar="WHY", help="why, for the audit log")
    return parser


def _save(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter; can be repeated")
    parser.add_argument("--mode", choices=[*PolicyMode], help="how far it may go")
    parser.add_argument("--severity", choices=[*Severity], help="how much a match matters")
    parser.add_argument("--hold", type=int, metavar="DAYS", help="how long a match must last before it is shown")
    parser.add_argument("--clear", type=int, metavar="DAYS", help="how long its end must last before it is over")
    parser.add_argument("--template", metavar="TEMPLATE", help="for a key that is new: what the policy is made from")


def _preview(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--version", type=int, metavar="N", help="this version (default: the newest)")
    parser.add_argument("--days", type=int, default=0, metavar="D", help="and what it would have done on D past days")
    parser.add_argument("--mode", choices=[*PolicyMode], help="as if it were in this mode")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="as if a parameter were this; can be repeated"
    )
    parser.add_argument("--template", metavar="TEMPLATE", help="for a key that is new: what the policy is made from")
