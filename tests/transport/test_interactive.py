from __future__ import annotations

from pathlib import Path

import pytest

from fleet_tui.model.config import FleetConfig
from fleet_tui.model.errors import FleetError
from fleet_tui.model.host import Host
from fleet_tui.transport.interactive import terminal_argv

BASTION = Host("gate", address="10.0.0.1", user="jump", port=2222)
INNER = Host("nas", address="192.0.2.7", user="ann", port=22, key="/k/id", via="gate")
CONFIG = FleetConfig(
    hosts=(BASTION, INNER), ssh_config=Path("/c/config"), known_hosts=Path("/c/known")
)


@pytest.fixture(autouse=True)
def _ssh_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda program: f"/usr/bin/{program}")


def test_the_terminal_takes_the_way_that_fleet_toml_names() -> None:
    argv = terminal_argv(INNER, CONFIG, "claude --resume x")
    text = " ".join(argv)
    assert argv[:2] == ("/usr/bin/ssh", "-t")
    assert "-F /c/config" in text
    assert "-l ann -p 22 -i /k/id" in text
    assert "-J jump@10.0.0.1:2222" in text
    assert argv[-3:] == ("--", "192.0.2.7", "claude --resume x")


def test_keys_stay_strict_and_the_agent_stays_here() -> None:
    argv = terminal_argv(BASTION, CONFIG, None)
    assert "-a" in argv
    assert "StrictHostKeyChecking=yes" in argv


def test_an_alias_of_the_ssh_configuration_needs_only_its_name() -> None:
    assert terminal_argv(Host("droplet"), FleetConfig(), None)[-2:] == ("--", "droplet")


def test_this_machine_needs_no_ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/dash")
    host = Host("here", connection="local")
    assert terminal_argv(host, CONFIG, "ls") == ("/bin/dash", "-c", "ls")
    assert terminal_argv(host, CONFIG, None) == ("/bin/dash", "-l")


def test_without_the_openssh_client_the_mend_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _program: None)
    with pytest.raises(FleetError, match="OpenSSH client"):
        terminal_argv(INNER, CONFIG, None)
