"""Longer pieces of work on the repository in the host's workdir."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.demo import repository
from fleet_tui.demo.steps import Powers, Say, Scene, Think, Use

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality

_FIXED_TOTAL = """    def total(self) -> Decimal:
        gross = sum((line.price * line.quantity for line in self.lines), Decimal())
        return (gross * (1 - self.discount)).quantize(CENT, ROUND_HALF_UP)"""
_FLOAT_TOTAL = """    def total(self) -> float:
        gross = sum(line.price * line.quantity for line in self.lines)
        return round(gross * (1 - self.discount), 2)"""

_OLD_SQLITE = (
    "\n\nThis host also skips 3 tests in `tests/test_db.py`: its SQLite is older than 3.40."
)


def _read(host: Personality, path: str, seconds: float = 0.5) -> Use:
    content = repository.numbered(repository.files(host)[path])
    return Use("Read", {"file_path": f"{host.workdir}/{path}"}, content, seconds)


def _bash(command: str, why: str, output: str, seconds: float) -> Use:
    return Use("Bash", {"command": command, "description": why}, output, seconds)


def tests(host: Personality, powers: Powers) -> Scene:
    """Run the tests, or read what the last run left when commands are not allowed."""
    if powers.can_run:
        look: tuple[Use, ...] = (
            _bash("python -m pytest -q", "Run the test suite", repository.TEST_RUN, 3.6),
        )
        opening = "I'll run the test suite.\n"
        result = "47 of 48 tests pass; one fails"
    else:
        look = (_read(host, ".pytest_cache/v/cache/lastfailed"),)
        opening = "I may not run commands here, so I'll read what the last test run left.\n"
        result = "In the last run one test failed"
    also = _OLD_SQLITE if host.spec.is_odd else ""
    return (
        Think(
            f"The suite of {host.project} is pytest. First find out what fails, then read the "
            "code that the failing test calls, and only then say why."
        ),
        Say(opening),
        *look,
        Say("One failure is in the cart. Let me read the test and what it calls.\n"),
        _read(host, "tests/test_cart.py", 0.9),
        Think("5.35 * 0.5 is 2.675 in decimal, but a float holds 2.67499999… and rounds down."),
        _read(host, "src/orders/cart.py", 0.8),
        Say(
            f"{result}: `tests/test_cart.py::test_discounted_total_is_exact`.\n\n"
            "`Cart.total()` multiplies floats: 5.35 x 0.5 lands just under 2.675, so it rounds to "
            "2.67 instead of 2.68. The fix is to keep money in `Decimal`; nothing else depends "
            f"on the type.{also}"
        ),
    )


def fix(host: Personality, powers: Powers) -> Scene:
    """Fix the rounding bug, or propose the fix when nothing may be changed."""
    find = Use(
        "Grep",
        {"pattern": "def total", "path": f"{host.workdir}/src", "output_mode": "content"},
        "src/orders/api.py:11:def total():\nsrc/orders/cart.py:18:    def total(self) -> float:",
        0.6,
    )
    start = (
        Think("A wrong amount is most likely float arithmetic. Look at where totals are made."),
        Say("Let me find where totals are computed.\n"),
        find,
        _read(host, "src/orders/cart.py"),
    )
    cause = "Cause: `Cart.total()` adds prices as floats and rounds at the end.\n\n"
    if not powers.can_edit:
        patch = f"```diff\n{_minus(_FLOAT_TOTAL)}\n{_plus(_FIXED_TOTAL)}\n```"
        advice = "I may not edit in this mode; this change fixes it:\n\n"
        return (*start, Say(cause + advice + patch))
    edit = Use(
        "Edit",
        {
            "file_path": f"{host.workdir}/src/orders/cart.py",
            "old_string": _FLOAT_TOTAL,
            "new_string": _FIXED_TOTAL,
        },
        f"The file {host.workdir}/src/orders/cart.py has been updated.",
        0.7,
    )
    check: Scene = (edit,)
    proof = "I did not run the tests: commands are not allowed here."
    if powers.can_run:
        green = repository.TEST_RUN_GREEN
        run = _bash("python -m pytest -q", "Run the test suite", green, 3.2)
        unproven = f"{cause}Fixed in `src/orders/cart.py`, but no test has shown it yet."
        check = (edit, replace(run, without=unproven))
        proof = "All 48 tests pass now."
    told = f"{cause}Fixed in `src/orders/cart.py`: money is `Decimal`, rounded half up. {proof}"
    return (*start, *check, Say(told))


def audit(host: Personality, powers: Powers) -> Scene:
    """Look at the pinned dependencies."""
    more: Scene = ()
    if powers.can_run:
        found = (
            "Name     Version ID             Fix Versions\n"
            "requests 2.31.0  CVE-2024-35195 2.32.0\n"
            "jinja2   3.1.4   CVE-2024-56201 3.1.5"
        )
        more = (_bash("pip-audit --strict", "Audit the dependencies", found, 2.8),)
    return (
        Think("The pins are in pyproject.toml. Compare them with known advisories."),
        Say("I'll start with what is pinned.\n"),
        _read(host, "pyproject.toml"),
        *more,
        Say(
            "Two of four pinned dependencies need an upgrade:\n\n"
            "| package | pinned | wants | why |\n|---|---|---|---|\n"
            "| requests | 2.31.0 | 2.32.0 | CVE-2024-35195: `verify=False` sticks to a session |\n"
            "| jinja2 | 3.1.4 | 3.1.5 | CVE-2024-56201: sandbox escape through a file name |\n\n"
            "flask 3.0.3 and sqlalchemy 2.0.36 have no open advisory. Both upgrades are minor; "
            "the tests cover the calls that use them."
        ),
    )


def triage(host: Personality, powers: Powers) -> Scene:
    """Read the log and group what went wrong."""
    del powers
    pattern = {"pattern": "ERROR|WARN", "path": f"{host.workdir}/var", "output_mode": "content"}
    hits = "\n".join(line for line in repository.LOG.splitlines() if " INFO" not in line)
    return (
        Think("Count by component first; a burst often has one cause."),
        Say("Reading the service log.\n"),
        Use("Grep", pattern, hits, 0.9),
        _read(host, "var/orders.log", 1.1),
        Say(
            "Five lines matter, and they have two causes:\n\n"
            "1. **Mail, 3 errors**: the relay answers `SMTP 421 too many connections`. Receipts "
            "were re-sent by 06:09, nothing is lost. Send them over one connection.\n"
            "2. **Database, 2 warnings**: the pool of 5 is exhausted for about two seconds at the "
            "top of the hour. Raise `pool_size` to 10 or move the hourly export.\n\n"
            "Neither needs anybody tonight."
        ),
    )


def history(host: Personality, powers: Powers) -> Scene:
    """Summarise the recent commits."""
    log = "\n".join(f"{commit} {subject}" for commit, subject in repository.COMMITS)
    look = (
        _bash("git log --oneline -6", "Show recent commits", log, 0.5)
        if powers.can_run
        else Use("Glob", {"pattern": "src/**/*.py"}, "src/orders/api.py\nsrc/orders/cart.py", 0.4)
    )
    return (
        Think("Recent history, newest first."),
        look,
        Say(
            f"`{host.project}` is on `main`, clean. The last change, {repository.COMMITS[0][0]}, "
            "sends receipts from a queue instead of the request; before it came pins and "
            "timeouts. Nothing is unpushed."
        ),
    )


def overview(host: Personality, powers: Powers, prompt: str) -> Scene:
    """Answer anything else from the README, naming what was asked."""
    asked = " ".join(prompt.split())
    asked = asked if len(asked) <= 60 else asked[:57] + "..."
    listing = "\n".join(sorted(repository.files(host)))
    check: Scene = ()
    if powers.can_run:
        command = "git fetch --prune origin"
        check = (_bash(command, "See whether others have pushed", "Already up to date.", 1.2),)
    return (
        Think("Get an overview of the repository before answering."),
        Say("Let me look around first.\n"),
        Use("Glob", {"pattern": "**/*"}, listing, 0.5),
        _read(host, "README.md"),
        *check,
        Say(
            f"You asked: “{asked}”\n\n"
            f"`{host.project}` on {host.name} is a small order service: routes in "
            "`src/orders/api.py`, carts and totals in `src/orders/cart.py`, models in "
            "`src/orders/db.py`. I am a scripted demo agent; ask me to run the tests, fix the "
            "bug, audit the dependencies, triage the logs, or check disk, health or OS version."
        ),
    )


def _minus(text: str) -> str:
    return "\n".join(f"-{line}" for line in text.splitlines())


def _plus(text: str) -> str:
    return "\n".join(f"+{line}" for line in text.splitlines())
