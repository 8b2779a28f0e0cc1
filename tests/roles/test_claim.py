from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import FleetError
from fleet_tui.model.roles_view import RoleRecord
from fleet_tui.roles.claim import LostRace, claim, read_role
from fleet_tui.roles.git import Git
from fleet_tui.roles.rolefile import parse, render
from tests.roles.pairs import BRANCH, git, mirrors, play_pair

if TYPE_CHECKING:
    from pathlib import Path

RECORD = RoleRecord("hs-pc", 1, "2026-11-21T12:00:00+00:00", "op@hs-pc", "p-1")


async def test_of_two_promotions_at_once_one_wins_and_the_other_is_told_which(
    tmp_path: Path,
) -> None:
    clones = mirrors(tmp_path, "cc-pc", "hs-pc")
    results = [await play_pair(clones, epoch) for epoch in range(12)]
    assert all(result.is_right for result in results), results


async def test_a_commit_that_comes_between_does_not_stop_a_promotion(tmp_path: Path) -> None:
    clones = mirrors(tmp_path, "cc-pc", "hs-pc")
    (clones["cc-pc"] / "notes.md").write_text("more\n")
    git(clones["cc-pc"], "add", "notes.md")
    git(clones["cc-pc"], "commit", "--quiet", "-m", "More")
    git(clones["cc-pc"], "push", "--quiet", "origin", BRANCH)
    commit = await claim(Git(clones["hs-pc"]), BRANCH, RECORD, expected_epoch=0)
    names = git(tmp_path / "remote.git", "ls-tree", "-r", "--name-only", commit).splitlines()
    assert {"notes.md", "CLAUDE.md", "fleet/role.toml"} == set(names)


async def test_a_promotion_leaves_index_and_work_tree_as_they_were(tmp_path: Path) -> None:
    clone = mirrors(tmp_path, "hs-pc")["hs-pc"]
    (clone / "CLAUDE.md").write_text("# Notes, edited\n")
    before = git(clone, "status", "--porcelain=v1")
    await claim(Git(clone), BRANCH, RECORD, expected_epoch=0)
    assert git(clone, "status", "--porcelain=v1") == before
    assert git(clone, "for-each-ref", "refs/fleet") == ""


async def test_claiming_the_same_plan_again_finds_it_done(tmp_path: Path) -> None:
    mirror = Git(mirrors(tmp_path, "hs-pc")["hs-pc"])
    first = await claim(mirror, BRANCH, RECORD, expected_epoch=0)
    assert await claim(mirror, BRANCH, RECORD, expected_epoch=0) == first
    with pytest.raises(LostRace, match="hs-pc was promoted to epoch 1 first"):
        await claim(mirror, BRANCH, replace(RECORD, plan="p-2"), expected_epoch=0)


async def test_a_remote_that_is_empty_can_be_claimed(tmp_path: Path) -> None:
    (tmp_path / "remote.git").mkdir()
    git(tmp_path / "remote.git", "init", "--quiet", "--bare", "-b", BRANCH)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "remote.git", "clone")
    assert await read_role(Git(clone), BRANCH) is None
    await claim(Git(clone), BRANCH, RECORD, expected_epoch=0)
    assert await read_role(Git(clone), BRANCH) == RECORD


async def test_a_remote_that_cannot_be_asked_is_said(tmp_path: Path) -> None:
    clone = mirrors(tmp_path, "hs-pc")["hs-pc"]
    (tmp_path / "remote.git").rename(tmp_path / "away.git")
    with pytest.raises(FleetError, match="remote cannot be asked"):
        await claim(Git(clone), BRANCH, RECORD, expected_epoch=0)


def test_the_role_file_says_what_it_was_given() -> None:
    assert parse(render(RECORD)) == RECORD


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("primary = ", "cannot be read"),
        ("epoch = 3", "names no primary"),
        ('primary = "a"\nepoch = "3"', "not a number above 0"),
        ('primary = "a"\nepoch = true', "not a number above 0"),
    ],
)
def test_a_role_file_that_is_none_is_said_with_its_fault(text: str, why: str) -> None:
    with pytest.raises(FleetError, match=why):
        parse(text)
