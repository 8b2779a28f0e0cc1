from __future__ import annotations

import json

import pytest

from fleet_tui.model.errors import FleetError
from fleet_tui.peers.discovery import parse_look
from fleet_tui.peers.proof import parse_proof

SESSION = "f63f1234-aaaa-4bbb-8ccc-000000000000"
OTHER = "0d77a4c6-a38f-4fdb-b31e-669ec9e39870"
ID = "m-01J00000000000000000000000"


def answer(*lines: str) -> bytes:
    whole = ["motd: hello", "fleet-peers=1", *lines, "fleet-peers-end=1", "bye"]
    return "\n".join(whole).encode()


def registered(session: str = SESSION, pid: int = 77, **more: object) -> str:
    fields = {
        "pid": pid,
        "sessionId": session,
        "cwd": "/srv/w",
        "procStart": "102366",
        "name": "w-50",
        "nameSource": "derived",
        "status": "idle",
        "messagingSocketPath": f"/tmp/cc-socks/{pid}.sock",
        **more,
    }
    return "session=" + json.dumps(fields)


def test_a_session_is_found_with_its_folder_and_repository() -> None:
    found = parse_look(
        "nas",
        answer(
            "alive=77 102366 70",
            registered(status="waiting", waitingFor="permission prompt"),
            "run=r-01J 70 d-1 claude write",
            "git=/srv/w",
            "root=/srv/w",
            "common=/srv/main/.git",
            "branch=trunk",
            "remote=git@github.com:acme/widget.git",
        ),
        100.0,
    )
    (sighting,) = found
    peer = sighting.peer
    assert peer.name == "w-f63f@nas"
    assert (peer.repo, peer.branch, peer.root) == ("github.com/acme/widget", "trunk", "/srv/w")
    assert (peer.state, peer.waits_for) == ("blocked", "permission prompt")
    assert (peer.run, peer.socket) == ("r-01J", "/tmp/cc-socks/77.sock")
    assert sighting.incarnation == "77:102366"


def test_worktrees_without_a_remote_are_one_repository_of_their_host() -> None:
    lines = [
        "alive=77 102366 1",
        registered(),
        "git=/srv/w",
        "root=/srv/w",
        "common=/srv/main/.git",
    ]
    (sighting,) = parse_look("nas", answer(*lines, "branch=x", "remote="), 1.0)
    assert sighting.peer.repo == "nas:/srv/main"


def test_stale_files_and_recycled_process_ids_are_no_sessions() -> None:
    lines = [
        "alive=77 - -",
        registered(),
        "alive=78 999 1",
        registered(OTHER, 78),
        "alive=79 5 1",
        "session={broken",
        "alive=80 6 1",
        "session=[1]",
    ]
    assert parse_look("nas", answer(*lines), 1.0) == ()


def test_what_the_agent_itself_lists_is_added_and_refines() -> None:
    agents = [
        {"sessionId": SESSION, "pid": 77, "cwd": "/srv/w", "status": "busy"},
        {"sessionId": OTHER, "pid": 9, "cwd": "/srv/b", "kind": "background", "state": "blocked"},
        {"no": "session"},
    ]
    lines = ["alive=77 102366 1", registered(), "agents=" + json.dumps(agents)]
    found = {s.peer.session: s.peer for s in parse_look("nas", answer(*lines), 1.0)}
    assert found[SESSION].state == "working"
    assert (found[OTHER].state, found[OTHER].source) == ("blocked", "agents")


def test_codex_is_found_by_the_file_it_holds_open() -> None:
    meta = json.dumps({"type": "session_meta", "payload": {"id": OTHER, "cwd": "/srv/c"}})
    lines = [
        "now=1000",
        "codex-live=41 /h/.codex/sessions/rollout-2.jsonl",
        "rollout=900 /h/.codex/sessions/rollout-1.jsonl",
        "codex=" + meta.replace(OTHER, SESSION),
        "rollout=995 /h/.codex/sessions/rollout-2.jsonl",
        "codex=" + meta,
    ]
    (sighting,) = parse_look("nas", answer(*lines), 2000.0)
    assert (sighting.peer.kind, sighting.peer.session, sighting.peer.pid) == ("codex", OTHER, 41)
    assert sighting.peer.seen_at == 1995.0


def test_hostile_words_of_a_host_are_made_harmless() -> None:
    lines = [
        "alive=77 102366 1",
        registered(
            cwd="/srv/\x1b[2J\u202e",
            name="\x1b]0;x\x07evil\nname",
            nameSource="user",
            messagingSocketPath="relative\n/x",
        ),
    ]
    (sighting,) = parse_look("nas", answer(*lines), 1.0)
    assert sighting.peer.name == "evil-name@nas"
    assert "\x1b" not in sighting.peer.cwd
    assert sighting.peer.socket == ""


def test_no_answer_is_an_error_with_a_mend() -> None:
    with pytest.raises(FleetError, match="did not answer where its sessions are"):
        parse_look("nas", b"sh: not found\n", 1.0)
    with pytest.raises(FleetError, match="did not answer"):
        parse_look("nas", b"fleet-peers=1\nalive=", 1.0)


def test_proof_is_a_line_of_the_transcript_and_the_end_of_its_turn() -> None:
    said = {"message": {"content": [{"type": "text", "text": "it \x1b[31mworks"}, {"type": "x"}]}}
    proofs = parse_proof(
        "nas",
        answer(
            f"of={SESSION} 102366",
            "size=9000",
            f"queued=700 {ID}",
            f"seen=800 {ID}",
            "answer=900 {broken",
            "answer=950 " + json.dumps(said),
            f"of={OTHER} -",
        ),
    )
    proof = proofs[SESSION]
    assert (proof.size, proof.seen, proof.queued) == (9000, {ID: 800}, {ID})
    assert proof.answers == {ID: "it works"}
    assert proof.is_alive
    assert not proofs[OTHER].is_alive
