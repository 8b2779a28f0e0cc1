"""Who may be given which MCP server: every combination, and what the fleet makes of a refusal."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest

from fleet_tui.agents.registry import adapter
from fleet_tui.dispatch.gate import GateCase, refusal
from fleet_tui.health.daemons_settings import duties_of
from fleet_tui.mcp import granting
from fleet_tui.mcp.agent_config import AgentConfig, agent_config
from fleet_tui.mcp.granting import McpGrants
from fleet_tui.mcp_server.acting import Acting
from fleet_tui.mcp_server.arguments import Arguments
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.host import Host
from fleet_tui.model.mcp_run import ServerCase
from fleet_tui.model.run import AgentName, Mode, Origin
from tests.support.fakes import prints
from tests.support.program import Program
from tests.support.stage import fleet_file, staged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet_tui.mcp.settings import McpServer

ORIGINS: tuple[Origin, ...] = get_args(Origin)
MODES: tuple[Mode, ...] = get_args(Mode)
AGENTS: tuple[AgentName, ...] = get_args(AgentName)
MARKS: tuple[frozenset[Origin], ...] = (frozenset(), frozenset(ORIGINS), frozenset({"daemon"}))
BOOLS = (False, True)


def case(agent: AgentName, mode: Mode, origin: Origin, *servers: ServerCase) -> GateCase:
    """Return a case in which nothing else stands in the way."""
    return GateCase(
        agent,
        mode,
        adapter(agent).modes,
        origin,
        ("web",),
        named_hosts=frozenset({"web"}),
        is_vouched_for=True,
        is_free=True,
        servers=servers,
    )


@pytest.mark.parametrize("origin", ORIGINS)
def test_every_combination_is_open_only_where_all_agrees(origin: Origin) -> None:
    opened = 0
    for agent, mode, marks, looks, fault in itertools.product(
        AGENTS, MODES, MARKS, BOOLS, ("", "web cannot")
    ):
        server = ServerCase("files", marks, looks, fault)
        asked = case(agent, mode, origin, server)
        without = refusal(replace(asked, servers=())) is None
        may = (
            agent != "shell"
            and (origin == "operator" or origin in marks)
            and (mode != "read" or looks)
            and not fault
        )
        assert (refusal(asked) is None) == (without and may), asked
        beside = replace(asked, servers=(ServerCase("open", frozenset(ORIGINS), True), server))
        assert (refusal(beside) is None) == (refusal(asked) is None), "each of them is asked about"
        opened += refusal(asked) is None
    assert opened > 0


def test_a_server_that_nothing_marks_is_for_the_operator_alone() -> None:
    for origin in ORIGINS:
        refused = refusal(case("claude", "write", origin, ServerCase("files")))
        assert (refused is None) == (origin == "operator")
        if refused is not None:
            assert refused.what == f"MCP server files is not open to origin {origin}"


CONFIG = FleetConfig(
    hosts=(
        Host("pc", connection="local"),
        Host("web"),
        Host("nas"),
        Host("win", shell="powershell"),
    ),
    sections={
        "mcp": (
            {"name": "files", "host": "nas", "command": "files-mcp"},
            {"name": "here", "command": "here-mcp"},
            {"name": "search", "host": "nas", "url": "http://127.0.0.1:5/mcp"},
            {"name": "older", "host": "nas", "url": "http://127.0.0.1:6/sse", "transport": "sse"},
            {"name": "keyed", "host": "win", "url": "http://127.0.0.1:7/", "token_env": "K"},
            {"name": "query", "host": "nas", "url": "http://127.0.0.1:8/?key=word"},
            {"name": "of.dots", "host": "nas", "command": "dots"},
            {"name": "secret", "host": "nas", "command": "API_TOKEN=abcdef12345 run"},
        )
    },
)


@pytest.mark.parametrize(
    ("name", "host", "agent", "why"),
    [
        ("files", "nas", "claude", ""),
        ("files", "web", "claude", ""),
        ("files", "win", "claude", ""),
        ("here", "pc", "claude", ""),
        ("here", "web", "claude", "it runs on this machine, which web knows no way to"),
        ("search", "web", "codex", ""),
        ("search", "win", "claude", "a tunnel is opened on POSIX hosts only"),
        ("older", "nas", "claude", ""),
        ("older", "nas", "codex", "codex speaks no sse"),
        ("keyed", "win", "claude", "a token is handed over on POSIX hosts only"),
        ("query", "nas", "claude", "its url holds what may be a secret"),
        ("of.dots", "nas", "claude", "agents take only letters, digits, - and _"),
        ("secret", "nas", "claude", "its command seems to hold a secret"),
    ],
)
def test_a_host_that_cannot_have_a_server_says_why(
    name: str, host: str, agent: AgentName, why: str
) -> None:
    grants = McpGrants(CONFIG)
    (found,) = grants.cases([name], [CONFIG.host(host)], agent)
    assert bool(found.fault) == bool(why)
    assert why in found.fault
    if why:
        assert found.fault.startswith(f"{host} cannot be given MCP server {name}: ")
        assert grants.servers([name], CONFIG.host(host), agent, "r-1") == ()


def test_each_run_has_a_port_of_its_own_and_a_tunnel_that_leads_there() -> None:
    grants = McpGrants(CONFIG)
    first, second = (
        grants.servers(["search"], CONFIG.host("web"), "claude", run)[0] for run in ("r-1", "r-2")
    )
    assert first.url != second.url
    port = first.url.removeprefix("http://127.0.0.1:").removesuffix("/mcp")
    assert 20_000 <= int(port) < 30_000
    assert f"127.0.0.1:{port}:127.0.0.1:5" in first.tunnel
    assert first.tunnel[0] == "ssh"
    assert first.tunnel[-1] == "nas"


def test_an_unknown_one_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match=r"no MCP server is called 'fils' .*\"files\""):
        McpGrants(CONFIG).cases(["fils"], [CONFIG.host("nas")], "claude")


async def test_what_is_refused_is_logged_with_the_names_and_nothing_starts(tmp_path: Path) -> None:
    config = replace(fleet_file(tmp_path, ["web", "nas"]), sections=CONFIG.sections)
    async with staged(config, {"web": prints(b""), "nas": prints(b"")}) as stage:
        asked = {"agent": "claude", "mode": "write", "is_vouched_for": True, "mcp": ("files",)}
        for origin in ("queue", "peer", "daemon", "schedule", "mcp"):
            with pytest.raises(Refused, match=f"not open to origin {origin}"):
                await stage.start("web", "look", origin=origin, **asked)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="no MCP server is called 'fils'"):
            await stage.start("web", "look", "claude", mode="write", mcp=("fils",))
        assert [line.text("mcp") for line in stage.log("refused")] == ["files"] * 5
        assert stage.log("dispatch") == []


async def test_an_agent_that_dispatches_may_give_what_is_marked_for_it(tmp_path: Path) -> None:
    files = {"name": "files", "host": "web", "command": "x", "read_only": True}
    marked = {**files, "name": "marked", "origins": ("mcp",)}
    config = replace(fleet_file(tmp_path, ["web"]), sections={"mcp": (files, marked)})
    given: dict[str, object] = {
        "target": "web",
        "prompt": "look",
        "budget_usd": 1,
        "agent": "claude",
    }
    async with staged(config, {"web": prints(b"")}) as stage:
        acting = Acting(stage.fleet)
        with pytest.raises(Refused, match="MCP server files is not open to origin mcp"):
            await acting.dispatch(Arguments({**given, "mcp": "marked, files"}, (*given, "mcp")))
        started = await acting.dispatch(Arguments({**given, "mcp": "marked"}, (*given, "mcp")))
        (line,) = stage.log("dispatch")
        assert (line.text("origin"), line.text("mcp")) == ("mcp", "marked")
        kept = stage.fleet.store.get_dispatch(started["dispatch"])
        assert kept is not None
        assert kept.mcp == "marked"


def test_a_daemon_asks_for_its_servers_and_is_confirmed_with_them() -> None:
    entry = {"name": "scout", "target": "web", "prompt": "look", "every": 60.0}

    def duty(**more: object) -> tuple[str, tuple[str, ...]]:
        config = FleetConfig(hosts=(Host("web"),), sections={"daemon": ({**entry, **more},)})
        (found,) = duties_of(config)
        return found.digest, found.request("d-1", is_confirmed=True, config=config).mcp

    plain, none = duty()
    digest, names = duty(mcp=("files",))
    assert (none, names) == ((), ("files",))
    assert plain != digest
    assert plain == "e3d8ff755b84b6a4d21268af42b72019", "what was confirmed before stays confirmed"


def test_a_daemon_that_asks_for_one_that_is_not_declared_is_told_at_once(tmp_path: Path) -> None:
    program = Program(tmp_path)
    keys = {"name": "d", "target": "web", "prompt": "look", "every": "1h", "mcp": ["fils"]}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
    server = '[[mcp]]\nname = "files"\ncommand = "x"\norigins = ["queue"]\n'
    program.configure(["web"], more=f"{server}[[daemon]]\n{lines}\n")
    done = program.run("hosts")
    assert done.code == 2
    assert 'daemon[1].mcp: no MCP server is called "fils"; did you mean "files"?' in done.err
    assert 'mcp[1].origins[1]: found "queue"; allowed:' in done.err


def test_what_a_host_cannot_be_given_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(config: FleetConfig, servers: Sequence[McpServer], at: str) -> AgentConfig:
        made.append(at)
        return agent_config(config, servers, at)

    monkeypatch.setattr(granting, "agent_config", counted)
    grants = McpGrants(CONFIG)
    hosts = [CONFIG.host("nas"), CONFIG.host("web")]
    first = grants.cases(["files"], hosts, "claude")
    assert grants.cases(["files"], hosts, "claude") == first
    assert made == ["nas", "web"]
