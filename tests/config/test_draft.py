"""The first fleet.toml is drafted from the OpenSSH configuration, and loads."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_tui.config import draft_from_ssh_config, load
from fleet_tui.config.ssh_hosts import SshHost, read_ssh_hosts
from fleet_tui.model.config import FleetConfig

SSH_CONFIG = """\
Include work.d/*.conf missing
Host *
    ServerAliveInterval 5
    Include all.conf
# Host commented
Host nas NAS2 nas-*  !nas-old
    HostName nas.lan   # the cellar
    hostname second-is-ignored
    User "admin user"
    ProxyJump bastion
Host=droplet
    HostName=203.0.113.10
Host "quoted"
Host github.com
    User git
Host code
    HostName gitlab.com
Host nas
    User too-late
Host desk all a/b café Desk
Match host nas
    HostName not-for-a-host-line
    Include never.conf
Host only
    Include never.conf
"""


@pytest.fixture
def ssh_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An OpenSSH configuration with includes, in a home of our own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".ssh"
    (folder / "work.d").mkdir(parents=True)
    (folder / "config").write_text(SSH_CONFIG)
    (folder / "work.d" / "a.conf").write_text("Host work1\n  HostName 10.0.0.1\n")
    (folder / "work.d" / "b.conf").write_text("Host work2\nInclude config work.d/b.conf\n")
    (folder / "all.conf").write_text("Host everywhere\n")
    (folder / "never.conf").write_text("Host never\n")
    return folder / "config"


def load_draft(folder: Path, text: str) -> FleetConfig:
    path = folder / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_host_lines_are_read_as_openssh_reads_them(ssh_config: Path) -> None:
    hosts = read_ssh_hosts(ssh_config)
    assert [host.alias for host in hosts] == [
        "work1", "work2", "everywhere", "nas", "NAS2", "droplet", "quoted", "github.com", "code",
        "desk", "all", "a/b", "café", "Desk", "only",
    ]  # fmt: skip
    assert hosts[0] == SshHost("work1", "10.0.0.1")
    assert hosts[3] == SshHost("nas", "nas.lan", "admin user", "bastion")
    assert hosts[5] == SshHost("droplet", "203.0.113.10")


def test_the_draft_loads_with_this_machine_as_primary(ssh_config: Path, tmp_path: Path) -> None:
    draft = draft_from_ssh_config(ssh_config, this_host="desk.lan")
    config = load_draft(tmp_path, draft)
    assert [host.name for host in config.hosts] == [
        "desk", "work1", "work2", "everywhere", "nas", "NAS2", "droplet", "quoted", "café", "only",
    ]  # fmt: skip
    assert config.host("desk").connection == "local"
    assert config.host("desk").roles == {"primary"}
    assert config.host("nas").address is None
    assert '# nas.lan, through bastion\n[[host]]\nname = "nas"\n' in draft


def test_what_is_left_out_is_said(ssh_config: Path) -> None:
    draft = draft_from_ssh_config(ssh_config, this_host="desk")
    left_out = draft.partition("# Left out:\n")[2]
    assert left_out.splitlines() == [
        "#   github.com: a Git server, by its look",
        "#   code: a Git server, by its look",
        "#   desk: there is a host of that name already",
        "#   all: the word for every host",
        "#   a/b: a host's name has letters, digits and . _ - + : only, beginning with a letter or "
        "digit",
        "#   Desk: there is a host of that name already",
    ]


@pytest.mark.parametrize("name", ["", "all", "_", "ESC\x1b", "-x"])
def test_a_machine_without_a_usable_name_gets_one(tmp_path: Path, name: str) -> None:
    config = load_draft(tmp_path, draft_from_ssh_config(None, this_host=name or "."))
    assert [host.name for host in config.hosts] == ["this-machine"]


def test_without_a_file_there_is_this_machine(tmp_path: Path) -> None:
    for path in (None, tmp_path / "missing", tmp_path):
        assert len(load_draft(tmp_path, draft_from_ssh_config(path)).hosts) == 1


words = st.one_of(
    st.sampled_from(
        ["Host", "HostName", "Match", "all", "*", "a", "b1", "=", '"', "#", "ProxyJump"]
    ),
    st.text(max_size=5),
)


@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.lists(words, max_size=4).map(" ".join), max_size=8).map("\n".join))
def test_whatever_the_file_holds_the_draft_loads(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    config = load_draft(tmp_path, draft_from_ssh_config(path, this_host="here"))
    assert config.hosts[0].name == "here"
