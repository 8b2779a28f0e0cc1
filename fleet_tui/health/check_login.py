"""Is the agent logged in, by what, and can a run over ssh see the key that a terminal sees?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.health.doctor_script import CLAUDE_VARIABLES, CODEX_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_answers import AgentAnswer, HiddenVariable, HostAnswers
    from fleet_tui.health.doctor_case import Case
    from fleet_tui.health.doctor_findings import Result, Severity

_NAMES = {"claude": CLAUDE_VARIABLES, "codex": CODEX_VARIABLES}
_OAUTH = ("CLAUDE_CODE_OAUTH_TOKEN", "ANTHROPIC_AUTH_TOKEN")


def check_login(case: Case) -> Iterator[Result]:
    """Judge the login of every agent that starts, and which account pays."""
    remote = case.remote
    if remote is None:
        return
    for name, answer in remote.agents.items():
        install = case.install(name)
        if install is not None and install.version and not answer.lacks:
            yield from _login(case, remote, name, answer)
    yield from _payer(case, remote)


def _login(case: Case, remote: HostAnswers, name: str, answer: AgentAnswer) -> Iterator[Result]:
    variables = remote.variables or frozenset()
    unseen = [
        item for item in remote.hidden if item.name in _NAMES[name] and item.name not in variables
    ]
    if name == "codex" and "CODEX_API_KEY" in variables:
        return
    if answer.login_status == 0:
        if unseen and remote.variables is not None:
            yield _unseen(case, name, unseen[0], is_logged_in=True)
    elif answer.login_status != 1:
        yield case.unchecked("not-logged-in", f"{name} did not say whether it is logged in")
    elif unseen and remote.variables is not None:
        yield _unseen(case, name, unseen[0], is_logged_in=False)
    else:
        yield _logged_out(case, name, variables)


def _logged_out(case: Case, name: str, variables: frozenset[str]) -> Result:
    severity: Severity = "error" if name == case.agent else "note"
    install = case.install(name)
    program = case.home_path(install.path) if install else name
    if name == "claude":
        why = (
            "every run ends with 'Not logged in'; older pages name `claude login` and "
            "`--no-browser`, which do not exist: the first is sent as a prompt, and paid for"
        )
        mend = case.on_host(f"{program} auth login", needs_terminal=True)
    elif "OPENAI_API_KEY" in variables:
        why = "every run ends unauthorized: codex does not take OPENAI_API_KEY from its environment"
        mend = case.on_host(f"printenv OPENAI_API_KEY | {program} login --with-api-key")
    else:
        why = "every run ends unauthorized"
        mend = case.on_host(f"{program} login --device-auth", needs_terminal=True)
    return case.finding(
        "not-logged-in", severity, f"{name} is not logged in on this host", why=why, mend=mend
    )


def _unseen(case: Case, name: str, variable: HiddenVariable, *, is_logged_in: bool) -> Result:
    place = f"{variable.file}:{variable.line}"
    if is_logged_in:
        return case.finding(
            "api-key-unseen",
            "note",
            f"{variable.name} is set in {place}, which commands over ssh do not read",
            why=f"at a terminal there {name} uses that key; a run uses the other login, so the two "
            "are billed to different accounts",
            mend=case.on_host(f"sed -n {variable.line}p {variable.file} | cut -d= -f1"),
        )
    return case.finding(
        "api-key-unseen",
        "error" if name == case.agent else "note",
        f"{name} is not logged in: {variable.name} is set in {place}, which commands over ssh "
        "do not read",
        why="it works at a terminal and fails in every run; ~/.bashrc mostly returns early when "
        "nobody types, ~/.zshrc and ~/.profile are not read at all",
        mend=_show_key(case, name, variable),
    )


def _show_key(case: Case, name: str, variable: HiddenVariable) -> str:
    """Return what puts the line where the login shell reads it without a terminal."""
    shell = (case.remote.shell if case.remote else "").rpartition("/")[2]
    line = f"sed -n {variable.line}p {variable.file}"
    if shell == "zsh":
        return case.on_host(f"umask 077; {line} >> ~/.zshenv")
    if shell == "bash" and not variable.file.endswith(".fish"):
        return case.on_host(
            f"umask 077; touch ~/.bashrc; {{ {line}; cat ~/.bashrc; }} > ~/.bashrc.new "
            "&& cat ~/.bashrc.new > ~/.bashrc && rm ~/.bashrc.new"
        )
    install = case.install(name)
    program = case.home_path(install.path) if install else name
    login = "auth login" if name == "claude" else "login --device-auth"
    return case.on_host(f"{program} {login}", needs_terminal=True)


def _payer(case: Case, remote: HostAnswers) -> Iterator[Result]:
    """Tell when a key hides a login that is already paid for."""
    variables = remote.variables
    if variables is None or case.install("claude") is None:
        return
    if "ANTHROPIC_API_KEY" not in variables:
        return
    token = next((name for name in _OAUTH if name in variables), None)
    if token is None and not remote.has_stored_login:
        return
    other = token or "a claude.ai login"
    yield case.finding(
        "billed-to-api",
        "warning",
        f"both ANTHROPIC_API_KEY and {other} are there, and the key wins",
        why="runs are billed to the API by the token, not to the subscription",
        mend=case.on_host(
            "grep -n ANTHROPIC_API_KEY ~/.[a-z]*rc ~/.[a-z]*env ~/.[a-z]*profile | cut -d= -f1"
        )
        + ", then delete that line",
    )
