"""The README says what the program does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from fleet_tui.cli.main import build_parser
from fleet_tui.tui.keys_table import markdown

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_its_key_table_is_the_registrys() -> None:
    found = re.search(r"<!-- keys: .*? -->\n(.*?)<!-- /keys -->", README, re.DOTALL)
    assert found
    assert found[1].strip() == markdown().strip(), "run `python -m tests.pictures keys`"


def test_every_command_is_in_it_and_nothing_else() -> None:
    actions = [a for a in build_parser()._actions if a.choices]
    commands = set(actions[0].choices or ())
    table = README.split("## Commands")[1].split("\n## ")[0]
    told = {
        word
        for cell in re.findall(r"^\| (.*?) \| ", table, re.MULTILINE)
        for word in re.findall(r"`(?:fleet-tui )?([a-z]+)\b", cell)
        if word not in {"fleet", "command"}
    }
    assert told == commands


def test_its_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_its_fleet_toml_is_valid(tmp_path: Path) -> None:
    from fleet_tui.config import load

    (example,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    path = tmp_path / "fleet.toml"
    path.write_text(example, encoding="utf-8")
    assert [host.name for host in load(path).hosts] == ["cc-pc", "droplet"]


def test_the_python_it_asks_for_is_the_one_that_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11"
    assert "Python 3.11" in README
