"""Finds the agent sessions of a host with one command, whatever is installed there."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.model.peer import Peer, PeerState
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.peers.identity import normal_repo, session_name
from fleet_tui.peers.scripts import LOOK, LOOK_LINE, MARKER
from fleet_tui.transport.shell import quote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet_tui.transport.base import Connection

LOOK_WITHIN = 40.0
ANSWER_BYTES = 4 << 20
SOURCES = ("registry", "agents", "rollout", "run")
"""How sessions that were found here are known; those not found again have ended."""
CODEX_WORKING_SECONDS = 120.0
"""A Codex session whose file grew within this time is at work."""

_STATES: dict[str, PeerState] = {
    "busy": "working",
    "working": "working",
    "idle": "idle",
    "waiting": "blocked",
    "blocked": "blocked",
    "done": "idle",
}


@dataclass(frozen=True, slots=True)
class Sighting:
    """A session as found, with what makes it the same one and which process it is now."""

    peer: Peer
    identity: str
    incarnation: str


@dataclass(frozen=True, slots=True)
class _Folder:
    root: str
    common: str
    branch: str
    remote: str


async def look(
    connection: Connection, now: float, *, ask_agent: bool, agent_path: str = ""
) -> tuple[Sighting, ...]:
    """Return the sessions of a host; `ask_agent` runs `claude agents --json` there too.

    Raises Unreachable, TimeoutError, FleetError when the answer is none.
    """
    line = f"{LOOK_LINE} {'agents' if ask_agent else '-'} {quote(agent_path) if agent_path else ''}"
    done = await connection.run(
        line.rstrip(), stdin=LOOK.encode(), timeout=LOOK_WITHIN, limit=ANSWER_BYTES
    )
    host = connection.host.name
    if done.status.is_lost:
        raise Unreachable(done.status.reason or "the connection was lost", host=host, fault="lost")
    return parse_look(host, done.stdout, now)


def parse_look(host: str, stdout: bytes, now: float) -> tuple[Sighting, ...]:
    """Return the sessions in an answer; a line that cannot be read is left out.

    Raises FleetError when it is no whole answer.
    """
    pairs = list(answer_lines(host, stdout))
    folders = _folders(pairs)
    told = [_words(text, 3) for key, text in pairs if key == "run"]
    runs = {pid: run for run, pid, _meta in told}
    found = [*_claude(host, pairs, runs, now), *_codex(host, pairs, now)]
    known = {s.peer.run for s in found}
    found += [_bare_run(host, run, pid, now) for pid, run in runs.items() if run not in known]
    return tuple(_placed(sighting, folders.get(sighting.peer.cwd)) for sighting in found)


def answer_lines(host: str, stdout: bytes) -> Iterator[tuple[str, str]]:
    """Yield the `key=value` lines between the marks; raises FleetError when there are no marks."""
    lines = stdout.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    first = next((n for n, line in enumerate(lines) if line == f"{MARKER}=1"), None)
    if first is None or f"{MARKER}-end=1" not in lines:
        said = one_line(stdout[:400].decode("utf-8", "replace"), 100) or "nothing"
        raise FleetError(
            f"the host did not answer where its sessions are, but said {said!r}",
            where=host,
            mend="see that `sh -c true` works there: `fleet-tui doctor`",
        )
    for line in lines[first + 1 :]:
        if line == f"{MARKER}-end=1":
            return
        key, _, value = line.partition("=")
        yield key, value


def _claude(
    host: str, pairs: list[tuple[str, str]], runs: Mapping[str, str], now: float
) -> Iterator[Sighting]:
    """Yield Claude Code's sessions: those in its registry whose process is alive."""
    agents = {
        _text(item, "sessionId"): item
        for key, value in pairs
        if key == "agents"
        for item in _objects(value)
    }
    doing = _prompts(pairs)
    alive = ("", "-", "-")
    for key, value in pairs:
        if key == "alive":
            alive = tuple(_words(value, 3))  # type: ignore[assignment]
        elif key == "session":
            item = _object(value)
            session = _text(item, "sessionId")
            pid, started, leader = alive
            told = _text(item, "procStart")
            is_same = started != "-" and (started == "yes" or not told or told == started)
            if not session or str(item.get("pid")) != pid or not is_same:
                continue
            more = agents.pop(session, {})
            run = runs.get(leader, "")
            found = _sighting(host, {**item, **more}, "registry", now, started, run)
            yield replace(found, peer=replace(found.peer, doing=doing.get(session, "")))
    for item in agents.values():
        if _text(item, "sessionId") and item.get("pid"):
            yield _sighting(host, item, "agents", now, str(item.get("startedAt", "")), "")


def _prompts(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return what each session was last asked, as its transcript says at its end."""
    said = (_object(value) for key, value in pairs if key == "doing")
    return {_text(item, "sessionId"): _text(item, "lastPrompt") for item in said}


def _sighting(
    host: str, item: Mapping[str, Any], source: str, now: float, started: str, run: str
) -> Sighting:
    session, cwd = _text(item, "sessionId"), _text(item, "cwd")
    given = "" if item.get("nameSource") in (None, "derived") else _text(item, "name")
    pid = item.get("pid")
    peer = Peer(
        name=f"{session_name(given, cwd, 'claude', session)}@{host}",
        generation=1,
        host=host,
        kind="claude",
        cwd=cwd,
        state=_STATES.get(_text(item, "state") or _text(item, "status"), "unknown"),
        source=source,
        seen_at=now,
        session=session,
        run=run,
        pid=pid if isinstance(pid, int) else 0,
        socket=_path(item.get("messagingSocketPath")),
        waits_for=_text(item, "waitingFor"),
    )
    return Sighting(peer, f"claude:{session}", f"{peer.pid}:{started}")


def _codex(host: str, pairs: list[tuple[str, str]], now: float) -> Iterator[Sighting]:
    """Yield Codex's sessions: rollouts that a process holds open, or that grew of late."""
    there = next((_number(v) for k, v in pairs if k == "now"), 0.0)
    live = {p: pid for k, v in pairs if k == "codex-live" for pid, p in [_words(v, 2)]}
    changed, path = 0.0, ""
    for key, value in pairs:
        if key == "rollout":
            stamp, path = _words(value, 2)
            changed = _number(stamp)
        elif key == "codex":
            meta = _object(value)
            payload = meta.get("payload")
            about = payload if isinstance(payload, dict) else meta
            session, cwd = _text(about, "id"), _text(about, "cwd")
            age = max(0.0, there - changed)
            pid = live.get(path, "")
            if not session or not (pid or (not live and age < CODEX_WORKING_SECONDS)):
                continue
            peer = Peer(
                name=f"{session_name('', cwd, 'codex', session)}@{host}",
                generation=1,
                host=host,
                kind="codex",
                cwd=cwd,
                state="working" if age < CODEX_WORKING_SECONDS else "idle",
                source="rollout",
                seen_at=now - age,
                session=session,
                pid=int(pid) if pid.isdigit() else 0,
            )
            yield Sighting(peer, f"codex:{session}", pid or "file")


def _bare_run(host: str, run: str, pid: str, now: float) -> Sighting:
    """Return a durable run that shows no session of its own."""
    number = int(pid) if pid.isdigit() else 0
    name = f"run-{run[-6:].lower()}@{host}"
    peer = Peer(
        name, 1, host, "run", state="working", source="run", seen_at=now, run=run, pid=number
    )
    return Sighting(peer, f"run:{run}", pid)


def _folders(pairs: list[tuple[str, str]]) -> dict[str, _Folder]:
    found: dict[str, _Folder] = {}
    at = ""
    for key, value in pairs:
        if key == "git":
            at = _path(value)
            found[at] = _Folder("", "", "", "")
        elif at and key == "root":
            found[at] = replace(found[at], root=_path(value))
        elif at and key == "common":
            found[at] = replace(found[at], common=_path(value))
        elif at and key == "branch":
            found[at] = replace(found[at], branch=one_line(value, 100))
        elif at and key == "remote":
            found[at] = replace(found[at], remote=normal_repo(value))
    return found


def _placed(sighting: Sighting, folder: _Folder | None) -> Sighting:
    if folder is None:
        return sighting
    peer = sighting.peer
    common = folder.common.removesuffix("/.git")
    repo = folder.remote or (f"{peer.host}:{common}" if common else "")
    return replace(sighting, peer=replace(peer, root=folder.root, branch=folder.branch, repo=repo))


def _words(text: str, count: int) -> list[str]:
    words = text.split(" ", count - 1)
    return words + [""] * (count - len(words))


def _number(text: str) -> float:
    return float(text) if text.isdigit() else 0.0


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _objects(text: str) -> list[dict[str, Any]]:
    try:
        value = json.loads(text)
    except ValueError:
        return []
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return one_line(value, 400) if isinstance(value, str) else ""


def _path(value: object) -> str:
    """Return an absolute path that can be shown unchanged, or nothing."""
    if not isinstance(value, str) or not value.startswith("/") or sanitize(value) != value:
        return ""
    return value if "\n" not in value and len(value) < 4096 else ""
