"""Files are where the platform, the environment and the configuration say."""

from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest

import fleet_tui
from fleet_tui.config import config_dir, data_dir, discover, log_path, sample_path, state_dir
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.errors import FleetError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of our own."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for variable in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "FLEET_STATE_DIR", "FLEET_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    return folder


def test_the_platform_s_folders_are_used() -> None:
    assert config_dir() == Path(platformdirs.user_config_dir("fleet-tui", appauthor=False))
    assert state_dir() == Path(platformdirs.user_state_dir("fleet-tui", appauthor=False))


def test_the_state_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("FLEET_STATE_DIR", "~/elsewhere")
    assert state_dir() == home / "elsewhere"
    assert data_dir(FleetConfig()) == home / "elsewhere"
    monkeypatch.setenv("FLEET_STATE_DIR", "")
    assert state_dir() == Path(platformdirs.user_state_dir("fleet-tui", appauthor=False))


def test_log_and_data_follow_the_configuration(home: Path) -> None:
    config = FleetConfig()
    assert log_path(config) == home / ".claude" / "fleet.log"
    assert log_path(replace(config, agent_home=Path("/a"))) == Path("/a/fleet.log")
    assert log_path(replace(config, log=Path("~/x.log"))) == home / "x.log"
    assert data_dir(replace(config, data_dir=Path("~/runs"))) == home / "runs"


def test_an_unknown_home_is_an_error_with_its_mend() -> None:
    with pytest.raises(FleetError, match="write the path without ~"):
        log_path(FleetConfig(log=Path("~nobody-of-this-name/x")))


def test_the_first_configuration_that_is_named_or_found_wins(tmp_path: Path, home: Path) -> None:
    cwd = tmp_path / "work"
    cwd.mkdir()
    assert discover(None, {}, cwd) is None

    platform = config_dir() / "fleet.toml"
    platform.parent.mkdir(parents=True)
    platform.write_text("")
    assert discover(None, {}, cwd) == platform

    (cwd / "fleet.toml").write_text("")
    assert discover(None, {}, cwd) == cwd / "fleet.toml"
    assert discover(None, {"FLEET_CONFIG": ""}, cwd) == cwd / "fleet.toml"

    environ = {"FLEET_CONFIG": "~/mine.toml"}
    assert discover(None, environ, cwd) == home / "mine.toml"
    assert discover(Path("other.toml"), environ, cwd) == cwd / "other.toml"
    assert discover(Path("/x/other.toml"), environ, cwd) == Path("/x/other.toml")


def test_a_folder_called_fleet_toml_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "fleet.toml").mkdir()
    assert discover(None, {}, tmp_path) is None


def test_the_installed_sample_comes_before_the_checkout_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "fleet_tui"
    (package / "_data").mkdir(parents=True)
    monkeypatch.setattr(fleet_tui, "__file__", str(package / "__init__.py"))
    with pytest.raises(FleetError, match=r"sample_fleet\.toml is missing"):
        sample_path()
    checkout = package.parent / "sample_fleet.toml"
    checkout.write_text("")
    assert sample_path() == checkout
    installed = package / "_data" / "sample_fleet.toml"
    installed.write_text("")
    assert sample_path() == installed
