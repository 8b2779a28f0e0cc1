"""A session moves between two real servers with different homes, and goes on there."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from fleet_tui.handoff.places import slug_of
from tests.handoff.two_hosts import two_hosts
from tests.support.clis import require_cli
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.handoff.two_hosts import TwoHosts


@pytest.fixture
def site(tmp_path: Path) -> Iterator[TwoHosts]:
    with two_hosts(tmp_path) as here:
        yield here


def another_fleet(site: TwoHosts, folder: Path) -> Program:
    """Return a program elsewhere that knows the same runs, as they stand now."""
    folder.mkdir()
    other = Program(folder)
    shutil.copytree(site.program.state, other.state)
    text = site.program.config.read_text()
    other.config.write_text(text.replace(f"{site.program.folder}/state", str(other.state)))
    return other


def test_the_conversation_goes_on_at_the_second_and_the_first_refuses(
    site: TwoHosts, tmp_path: Path
) -> None:
    run = site.ask("remember the number 4711 [[text:I will]]")
    other = another_fleet(site, tmp_path / "elsewhere")
    (transcript,) = site.old.transcripts
    session, digest = transcript.stem, hashlib.sha256(transcript.read_bytes()).hexdigest()

    done = site.program.run("handoff", run, "--to", "new", "--json")
    assert done.code == 0, done.err
    (told,) = done.events("handoff")
    assert (told["sha256"], told["workdir"]) == (digest, str(site.new.work))

    moved = site.new.home / ".claude/projects" / slug_of(str(site.new.work)) / transcript.name
    assert site.new.transcripts == [moved]
    assert hashlib.sha256(moved.read_bytes()).hexdigest() == digest
    (kept,) = site.old.transcripts
    assert kept.name.startswith(f"{transcript.name}.moved-h-")
    assert kept.read_bytes() == moved.read_bytes()
    (stone,) = site.old.tombstones
    assert json.loads(stone.read_text())["target"] == "new"

    asked = len(site.api.seen)
    onward = site.program.run("resume", run, "--json", "--", "which number? [[text:4711]]")
    assert onward.code == 0, onward.err
    (end,) = onward.events("run-finished")
    assert (end["host"], end["session"], end["answer"]) == ("new", session, "4711")
    assert "remember the number 4711" in site.api.seen[asked].conversation
    assert site.new.transcripts == [moved]
    assert site.old.transcripts == [kept]

    asked = len(site.api.seen)
    refused = other.run("resume", run, "--", "and here?")
    assert refused.code == 3
    assert "handed from old to new" in refused.err
    assert str(kept) in refused.err
    assert len(site.api.seen) == asked

    lines = site.program.run("log", "--json", "handoff").objects
    assert [line["phase"] for line in lines] == ["begin", "done"]
    assert site.program.run("log", "--verify").code == 0


def test_the_agent_itself_finds_it_here_and_not_there(site: TwoHosts) -> None:
    run = site.ask("hello [[text:hi]]")
    assert site.program.run("handoff", run, "--to", "new", "--dry-turn").code == 0
    (moved,) = site.new.transcripts
    assert "the one word: ready" in site.api.seen[-1].conversation
    binary = require_cli("claude")
    by_hand = f"echo more | {binary} -p --resume {moved.stem}"
    old = site.program.run("run", "old", "--agent", "shell", "--", by_hand)
    assert "No conversation found" in old.out + old.err
    new = site.program.run("run", "new", "--agent", "shell", "--", by_hand)
    assert "hi" in new.out


def test_a_document_tells_what_was_done(site: TwoHosts) -> None:
    run = site.ask("write nothing \x1b[31mred [[text:Nothing was written.]]")
    (site.new.work / "SESSION-HANDOFF.md").write_text("of somebody else")
    assert site.program.run("handoff", run, "--to", "new").code == 0
    text = (site.new.work / "SESSION-HANDOFF.md").read_text()
    assert "> write nothing red" in text
    assert "> Nothing was written." in text
    assert f"in `{site.old.work}`" in text
    assert "## Open" in text
    assert f"fleet-tui resume r-{run[-6:]}" in text
    asked = len(site.api.seen)
    told = site.program.run("run", "new", "--", "fresh [[text:yes]]")
    assert "--handoff has it read first" in told.err
    assert "First read" not in site.api.seen[asked].conversation
    asked = len(site.api.seen)
    assert site.program.run("run", "new", "--handoff", "--", "fresh [[text:yes]]").code == 0
    assert "First read SESSION-HANDOFF.md" in site.api.seen[asked].conversation
    refused = site.program.run("run", "old", "--handoff", "--", "fresh [[text:yes]]")
    assert refused.code == 2
    (older,) = site.new.work.glob("SESSION-HANDOFF.before-*.md")
    assert older.read_text() == "of somebody else"


def test_it_can_be_taken_back_until_it_went_on(site: TwoHosts) -> None:
    run = site.ask("hello [[text:hi]]")
    (before,) = site.old.transcripts
    assert site.program.run("handoff", run, "--to", "new").code == 0
    back = site.program.run("handoff", run, "--undo")
    assert back.code == 0, back.err
    assert site.old.transcripts == [before]
    assert site.old.tombstones == []
    assert all(".taken-back-" in path.name for path in site.new.transcripts)
    assert site.program.run("resume", run, "--", "on [[text:on]]").code == 0

    assert site.program.run("handoff", run, "--to", "new").code == 0
    assert site.program.run("resume", run, "--", "on [[text:on]]").code == 0
    refused = site.program.run("handoff", run, "--undo")
    assert refused.code == 3
    assert "--to old" in refused.err
    home = site.program.run("handoff", run, "--to", "old")
    assert home.code == 0, home.err
    assert before.exists()
    assert site.old.tombstones == []
    done = site.program.run("resume", run, "--json", "--", "back [[text:back]]")
    assert done.events("run-finished")[0]["host"] == "old"


def test_what_cannot_be_is_said_before_anything_is_done(site: TwoHosts, tmp_path: Path) -> None:
    run = site.ask("hello [[text:hi]]")
    shell = site.program.run("run", "old", "--agent", "shell", "--json", "--", "true")
    command = str(shell.events("run-finished")[0]["run"])
    for arguments, said in (
        ((run, "--to", "old"), "is on old already"),
        ((run, "--to", "nowhere"), "no host is called nowhere"),
        ((command, "--to", "new"), "has no session"),
        ((run, "--to", "new", "--workdir", str(tmp_path / "none")), "is not there on new"),
        ((run, "--undo"), "was not handed over"),
        ((run,), "give either"),
    ):
        done = site.program.run("handoff", *arguments)
        assert done.code in (1, 2)
        assert said in done.err
    assert site.new.transcripts == []
    assert site.program.run("log", "--json", "handoff").objects == []


def git(folder: Path, *words: str) -> str:
    names = ("-c", "user.name=T", "-c", "user.email=t@x", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *names, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def plant_tree(folder: Path) -> str:
    """Make a repository with a commit, a change, a staged and an untracked file."""
    git(folder, "init", "-q")
    (folder / ".gitignore").write_text("secret.txt\n")
    (folder / "a.txt").write_text("one\n")
    (folder / "run.sh").write_text("true\n")
    (folder / "run.sh").chmod(0o755)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    (folder / "a.txt").write_text("two\n")
    (folder / "staged.txt").write_text("staged\n")
    git(folder, "add", "staged.txt")
    (folder / "new.txt").write_text("new\n")
    (folder / "secret.txt").write_text("not for others\n")
    return git(folder, "status", "--porcelain")


def test_the_state_of_the_working_tree_comes_along(site: TwoHosts, tmp_path: Path) -> None:
    status = plant_tree(site.old.work)
    run = site.ask("hello [[text:hi]]")
    target = tmp_path / "fresh" / "clone"
    done = site.program.run("handoff", run, "--to", "new", "--workdir", str(target), "--bundle")
    assert done.code == 0, done.err
    assert git(site.old.work, "status", "--porcelain") == status
    assert git(target, "log", "--format=%s", "main") == "first"
    assert git(target, "symbolic-ref", "--short", "HEAD") == "main"
    (target / "SESSION-HANDOFF.md").unlink()
    assert git(target, "status", "--porcelain").split() == [
        *("M", "a.txt"),
        *("??", "new.txt"),
        *("??", "staged.txt"),
    ]
    assert (target / "a.txt").read_text() == "two\n"
    assert (target / "run.sh").stat().st_mode & 0o100
    assert not (target / "secret.txt").exists()
    assert not list(site.old.home.rglob("*.bundle*")) + list(site.new.home.rglob("*.bundle*"))


def test_a_clean_clone_gets_a_branch_and_a_dirty_one_is_left_alone(
    site: TwoHosts, tmp_path: Path
) -> None:
    plant_tree(site.old.work)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(site.old.work), str(clone))
    (clone / "mine.txt").write_text("mine")
    run = site.ask("hello [[text:hi]]")
    words = ("handoff", run, "--to", "new", "--workdir", str(clone), "--bundle")
    refused = site.program.run(*words)
    assert refused.code == 1
    assert "changes of its own" in refused.err
    assert site.new.transcripts == []
    (clone / "mine.txt").unlink()
    done = site.program.run(*words)
    assert done.code == 0, done.err
    assert git(clone, "symbolic-ref", "--short", "HEAD").startswith("handoff/h-")
    assert (clone / "a.txt").read_text() == "two\n"
    assert git(clone, "rev-parse", "main") == git(site.old.work, "rev-parse", "main")


def test_a_thread_of_codex_goes_on_as_well(tmp_path: Path) -> None:
    with two_hosts(tmp_path, "codex") as site:
        run = site.ask("remember the number 4711 [[text:I will]]")
        done = site.program.run("handoff", run, "--to", "new")
        assert done.code == 0, done.err
        asked = len(site.api.seen)
        onward = site.program.run("resume", run, "--json", "--", "which? [[text:4711]]")
        assert onward.code == 0, onward.err
        (end,) = onward.events("run-finished")
        assert (end["host"], end["answer"]) == ("new", "4711")
        assert "remember the number 4711" in site.api.seen[asked].conversation
        assert [path.suffix for path in site.new.transcripts] == [".jsonl"]
        assert ".moved-h-" in site.old.transcripts[0].name
