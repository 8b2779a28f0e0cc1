"""The sample fleet loads, and shows every option that the schema declares."""

import re
import tomllib
from pathlib import Path

import pytest

from fleet_tui.config import load, reference, sample_path
from fleet_tui.config.schema import Section
from fleet_tui.config.validate import SECTIONS
from fleet_tui.model.target import fold, resolve
from tests.support.schema import keys_of

TEXT = sample_path().read_text("utf-8")
DOCUMENT = tomllib.loads(TEXT)
OPTIONS = [(section, key.name) for section in SECTIONS for key in keys_of(section)]
COMMENTED = re.compile(r"^# ([a-z_.]+) = .+$", re.MULTILINE)


def shown_keys(section: Section) -> list[str]:
    """Return the keys shown under a section's headers, the commented ones too."""
    blocks = re.split(r"^(?=\[)", TEXT, flags=re.MULTILINE)
    mine = [block for block in blocks if block.startswith(f"{section.header}\n")]
    return re.findall(r"^(?:# )?([a-z_]+) = ", "".join(mine), re.MULTILINE)


@pytest.mark.parametrize(
    ("section", "key"), OPTIONS, ids=[f"{section.name}.{key}" for section, key in OPTIONS]
)
def test_every_option_is_shown(section: Section, key: str) -> None:
    assert key in shown_keys(section)


def test_every_section_is_shown() -> None:
    assert set(DOCUMENT) == {section.name for section in SECTIONS}


def test_nothing_is_shown_that_does_not_exist() -> None:
    for section in SECTIONS:
        if keys := keys_of(section):
            assert set(shown_keys(section)) <= {key.name for key in keys}


def test_it_is_a_mixed_fleet() -> None:
    config = load(sample_path())
    names = [host.name for host in config.hosts]
    assert fold(names) == "cc-pc,hs-pc,droplet,nas[1-2],web[01-03],cloud-agent"
    assert resolve("%primary", config.hosts) == ("cc-pc",)
    assert resolve("@nas", config.hosts) == ("nas1", "nas2")
    assert config.host("cc-pc").connection == "local"
    assert config.host("nas1").via == "hs-pc"


def test_commented_options_work_when_they_are_switched_on(tmp_path: Path) -> None:
    text, switched_on = COMMENTED.subn(lambda match: match[0][2:], TEXT)
    path = tmp_path / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    config = load(path)
    assert switched_on >= 6
    assert config.log == Path("~/.claude/fleet.log")
    assert config.theme == "fleet-dark"
    assert config.keys == {"pane.zoom": ("Z", "f6")}


def test_every_option_is_explained_above_or_beside_its_first_use() -> None:
    """A comment leads each block of options; no line is too long to read in a terminal."""
    assert all(len(line) <= 100 for line in TEXT.splitlines())
    for section in SECTIONS:
        assert re.search(rf"#.*\n(?:\n)?{re.escape(section.header)}\n", TEXT) or re.search(
            rf"{re.escape(section.header)}\n#", TEXT
        ), section.header


@pytest.mark.parametrize("section", SECTIONS, ids=[section.name for section in SECTIONS])
def test_the_reference_is_derived_from_the_schema(section: Section) -> None:
    text = reference()
    assert f"## `{section.header}`" in text
    for key in keys_of(section):
        assert f"| `{key.name}` | {key.help} |" in text


def test_the_reference_tells_defaults() -> None:
    assert re.search(r"\| `timeout` \|.*\| 30m \|\n", reference())
    assert re.search(r"\| `fanout` \|.*\| 64 \|\n", reference())
    assert re.search(r"\| `name` \|.*\| required \|\n", reference())
