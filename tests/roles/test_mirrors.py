from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.clock import SystemClock
from fleet_tui.model.host import Host
from fleet_tui.roles.ignore import IGNORE
from fleet_tui.roles.mirrors import MirrorFailed, Mirrors, beat
from tests.roles.pairs import BRANCH, git
from tests.roles.site import HomePool, Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
async def pool(site: Site) -> AsyncIterator[HomePool]:
    pool = site.pool()
    yield pool
    await pool.close()


@pytest.fixture
def mirrors(site: Site, pool: HomePool) -> Mirrors:
    return site.mirrors(pool)


def write(folder: Path, name: str, text: str) -> None:
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


async def test_the_primary_fills_the_remote_and_leaves_out_what_is_its_own(
    site: Site, mirrors: Mirrors
) -> None:
    home = site.agent_home("cc-pc")
    write(home, "CLAUDE.md", "# Notes\n")
    write(home, "skills/deploy/SKILL.md", "how\n")
    write(home, ".credentials.json", "{}")
    write(home, "projects/a/s.jsonl", "{}")
    done = await mirrors.setup("cc-pc", str(site.remote), "1", may_begin=True)
    names = git(site.remote, "ls-tree", "-r", "--name-only", BRANCH).splitlines()
    assert names == [".gitignore", "CLAUDE.md", "skills/deploy/SKILL.md"]
    assert (home / ".gitignore").read_text() == IGNORE
    assert (await mirrors.status("cc-pc")).commit == done.commit


async def test_an_empty_remote_is_not_filled_by_a_secondary(site: Site, mirrors: Mirrors) -> None:
    write(site.agent_home("hs-pc"), "CLAUDE.md", "other\n")
    with pytest.raises(MirrorFailed, match="only the primary fills it"):
        await mirrors.setup("hs-pc", str(site.remote), "1", may_begin=False)
    assert (site.agent_home("hs-pc") / "CLAUDE.md").read_text() == "other\n"


async def test_setting_up_a_host_keeps_a_copy_of_what_was_there(
    site: Site, mirrors: Mirrors
) -> None:
    await site.begin("cc-pc")
    home = site.agent_home("hs-pc")
    write(home, "CLAUDE.md", "# My own\n")
    write(home, "commands/mine.md", "mine\n")
    write(home, "projects/a/s.jsonl", "a transcript")
    done = await mirrors.setup("hs-pc", str(site.remote), "77", may_begin=False)
    assert done.replaced == ("CLAUDE.md",)
    kept = home.with_name(".claude.before-fleet-77")
    assert done.kept == str(kept)
    assert (kept / "CLAUDE.md").read_text() == "# My own\n"
    assert (kept / "commands/mine.md").read_text() == "mine\n"
    assert (home / "CLAUDE.md").read_text() == "# Notes\n"
    assert (home / "commands/mine.md").read_text() == "mine\n"
    assert (home / "projects/a/s.jsonl").read_text() == "a transcript"
    again = await mirrors.setup("hs-pc", str(site.remote), "78", may_begin=False)
    assert (again.was_there, again.kept) == (True, "")


async def test_a_repository_of_something_else_is_not_touched(site: Site, mirrors: Mirrors) -> None:
    home = site.agent_home("hs-pc")
    home.mkdir()
    git(home, "init", "--quiet")
    git(home, "remote", "add", "origin", "https://example.net/dotfiles.git")
    with pytest.raises(MirrorFailed, match=r"dotfiles\.git already: nothing was touched"):
        await mirrors.setup("hs-pc", str(site.remote), "1", may_begin=False)


async def test_a_pull_moves_forward_and_leaves_a_beat(site: Site, mirrors: Mirrors) -> None:
    await site.begin("cc-pc", "hs-pc")
    write(site.agent_home("cc-pc"), "CLAUDE.md", "# Notes\nmore\n")
    git(site.agent_home("cc-pc"), "commit", "--quiet", "-am", "More")
    git(site.agent_home("cc-pc"), "push", "--quiet", "origin", BRANCH)
    behind = await mirrors.status("hs-pc")
    assert (behind.behind, behind.ahead, behind.remote_reachable) == (1, 0, True)
    before = behind.pulls
    assert await mirrors.pull("hs-pc") == git(site.remote, "rev-parse", BRANCH)
    view = await mirrors.status("hs-pc")
    assert (view.behind, view.pulls) == (0, before + 1)
    assert view.pulled_seconds_ago is not None
    assert view.pulled_seconds_ago < 60
    folder = site.folder / "ours"
    beat(folder, view, time.time())
    place = folder / "beats/mirror-pull-hs-pc"
    assert place.read_text().startswith(f"{before + 1} 20")
    beat(folder, view, time.time(), leads=True)
    assert not place.exists()


async def test_a_pull_never_merges_and_never_overwrites(site: Site, mirrors: Mirrors) -> None:
    await site.begin("cc-pc", "hs-pc")
    for name, text in (("cc-pc", "theirs\n"), ("hs-pc", "ours\n")):
        write(site.agent_home(name), "CLAUDE.md", text)
        git(site.agent_home(name), "commit", "--quiet", "-am", f"By {name}")
    git(site.agent_home("cc-pc"), "push", "--quiet", "origin", BRANCH)
    with pytest.raises(MirrorFailed, match=r"(?i)fast-forward|diverg"):
        await mirrors.pull("hs-pc")
    view = await mirrors.status("hs-pc")
    assert view.has_diverged
    assert (site.agent_home("hs-pc") / "CLAUDE.md").read_text() == "ours\n"


async def test_edits_on_a_secondary_are_shown_and_carried_to_the_primary(
    site: Site, mirrors: Mirrors
) -> None:
    await site.begin("cc-pc", "hs-pc")
    home = site.agent_home("hs-pc")
    write(home, "CLAUDE.md", "# Notes\nedited here\n")
    write(home, "skills/new.md", "new\n")
    found = await mirrors.edits("hs-pc")
    assert "+edited here" in found.diff
    assert "+new" in found.diff
    commit, _ = await mirrors.keep("hs-pc", "carry/hs-pc/1")
    assert (home / "CLAUDE.md").read_text() == "# Notes\nedited here\n"
    await mirrors.merge("cc-pc", "carry/hs-pc/1", "hs-pc")
    await mirrors.revert("hs-pc", commit)
    assert (await mirrors.edits("hs-pc")).are_none
    for name in ("cc-pc", "hs-pc"):
        assert (site.agent_home(name) / "CLAUDE.md").read_text() == "# Notes\nedited here\n"
        assert (site.agent_home(name) / "skills/new.md").read_text() == "new\n"


async def test_what_is_reverted_stays_in_a_branch_of_the_remote(
    site: Site, mirrors: Mirrors
) -> None:
    await site.begin("cc-pc", "hs-pc")
    home = site.agent_home("hs-pc")
    write(home, "CLAUDE.md", "a commit\n")
    git(home, "commit", "--quiet", "-am", "Unpushed")
    write(home, "CLAUDE.md", "and an edit\n")
    commit, word = await mirrors.keep("hs-pc", "rescue/hs-pc/1")
    assert await mirrors.keep("hs-pc", "rescue/hs-pc/2", word) == ("", "")
    await mirrors.revert("hs-pc", commit)
    assert (home / "CLAUDE.md").read_text() == "# Notes\n"
    assert git(site.remote, "show", "rescue/hs-pc/1:CLAUDE.md") == "and an edit"
    assert git(site.remote, "show", "rescue/hs-pc/1~1:CLAUDE.md") == "a commit"


async def test_an_edit_made_after_it_was_kept_is_not_undone(site: Site, mirrors: Mirrors) -> None:
    await site.begin("cc-pc", "hs-pc")
    home = site.agent_home("hs-pc")
    write(home, "CLAUDE.md", "first\n")
    commit, _ = await mirrors.keep("hs-pc", "rescue/hs-pc/1")
    write(home, "CLAUDE.md", "second\n")
    with pytest.raises(MirrorFailed, match="edited again"):
        await mirrors.revert("hs-pc", commit)
    assert (home / "CLAUDE.md").read_text() == "second\n"


async def test_a_repository_that_holds_transcripts_is_told(site: Site, mirrors: Mirrors) -> None:
    await site.begin("cc-pc")
    home = site.agent_home("cc-pc")
    write(home, "projects/a/s.jsonl", "a transcript")
    git(home, "add", "-f", "projects/a/s.jsonl")
    git(home, "commit", "--quiet", "-m", "Oops")
    view = await mirrors.status("cc-pc")
    assert view.unfit == ("projects/a/s.jsonl",)
    assert "swollen" in view.why
    assert view.ahead == 1


async def test_hosts_without_a_mirror_say_what_they_lack(site: Site, pool: HomePool) -> None:
    mirrors = site.mirrors(pool)
    assert (await mirrors.status("droplet")).state == "absent"
    site.agent_home("hs-pc").mkdir()
    assert (await mirrors.status("hs-pc")).state == "no-mirror"
    pool.down.add("cc-pc")
    view = await mirrors.status("cc-pc")
    assert (view.state, view.why) == ("unreachable", "cc-pc: connection refused")
    with pytest.raises(MirrorFailed, match="no mirror"):
        await mirrors.pull("hs-pc")


async def test_a_host_keeps_the_highest_epoch_it_saw(site: Site, mirrors: Mirrors) -> None:
    for epoch, seen in ((3, 3), (2, 3), (7, 7)):
        answer = await mirrors.call("hs-pc", "fence", str(epoch))
        assert answer.number("epoch") == seen
    assert (await mirrors.status("hs-pc")).seen_epoch == 7


async def test_an_unsupported_host_is_said_to_be_one(site: Site) -> None:
    config = replace(site.config(), hosts=(Host("win", shell="powershell"),))
    mirrors = Mirrors(config, site.mirrors(site.pool()).settings, site.pool(), SystemClock())
    assert (await mirrors.status("win")).state == "unsupported"
