"""`~/.ssh/config` as OpenSSH reads it, with fleet.toml having the last word."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.config import FleetConfig
from fleet_tui.model.errors import Unreachable
from fleet_tui.model.host import Host
from fleet_tui.transport.ssh_config import Query, SshConfig, ask_ssh, local_user, query_of_hop
from fleet_tui.transport.ssh_config_fallback import ask_asyncssh
from fleet_tui.transport.ssh_config_files import scan_config_files
from fleet_tui.transport.ssh_config_simple import NotPlain, PlainConfig
from fleet_tui.transport.ssh_g import endpoint_from_values
from tests.support.parts import require
from tests.support.sshd import SshServer, refusing_port
from tests.transport.helpers import fleet_of, pool_of

if TYPE_CHECKING:
    from fleet_tui.transport.endpoint import Endpoint
    from fleet_tui.transport.ssh_config_files import ConfigFiles


@pytest.fixture
def config(tmp_path: Path) -> Path:
    require("ssh")
    (tmp_path / "more.conf").write_text("Host web*\n  Port 2200\n  User included\n")
    path = tmp_path / "config"
    path.write_text(
        f"""
        Include {tmp_path}/more.conf
        Match originalhost nas exec "true"
          ProxyJump gate,alice@deep:2222
          ConnectTimeout 7
        Match exec "false"
          User never
        Host nas
          HostName %h.example.net   # a comment
          IdentityFile ~/keys/%r_%h
          IdentityFile {tmp_path}/second
          IdentitiesOnly yes
          IdentityAgent none
          UserKnownHostsFile {tmp_path}/kh1 {tmp_path}/kh2
          HostKeyAlias the-nas
          ServerAliveInterval 9
          ServerAliveCountMax 2
          CertificateFile {tmp_path}/cert.pub
        Host proxied
          ProxyCommand nc -X 5 %h %p
        Host *
          User everyone
        """
    )
    return path


async def test_what_openssh_says_is_taken(config: Path, tmp_path: Path) -> None:
    resolver = SshConfig(config)
    web = await resolver.resolve(Query("web1"))
    assert (web.address, web.port, web.user) == ("web1", 2200, "included")
    nas = await resolver.resolve(Query("nas"))
    assert nas.address == "nas.example.net"
    assert nas.user == "everyone"
    assert nas.proxy_jump == ("gate", "alice@deep:2222")
    assert nas.connect_timeout == 7
    assert nas.identity_files == (
        str(Path.home() / "keys" / "everyone_nas.example.net"),
        f"{tmp_path}/second",
    )
    assert not nas.has_default_identities
    assert nas.identities_only
    assert nas.agent is None
    assert nas.known_hosts[:2] == (f"{tmp_path}/kh1", f"{tmp_path}/kh2")
    assert nas.known_hosts_name == "the-nas"
    assert (nas.keepalive, nas.keepalive_count) == (9.0, 2)
    assert nas.certificate_files == (f"{tmp_path}/cert.pub",)
    proxied = await resolver.resolve(Query("proxied"))
    assert proxied.proxy_command == "nc -X 5 proxied 22"


async def test_fleet_toml_has_the_last_word(config: Path, tmp_path: Path) -> None:
    resolver = SshConfig(config, known_hosts=tmp_path / "ours")
    query = Query("web1", "10.0.0.5", "me", 99, f"{tmp_path}/key")
    endpoint = await resolver.resolve(query)
    assert (endpoint.address, endpoint.user, endpoint.port) == ("10.0.0.5", "me", 99)
    assert endpoint.identity_files == (f"{tmp_path}/key",)
    assert endpoint.known_hosts == (f"{tmp_path}/ours",)
    assert endpoint.known_hosts_name == "[10.0.0.5]:99"


async def test_a_changed_file_is_read_again(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet_tui.transport.ssh_config._RESCAN_AFTER", -1.0)
    resolver = SshConfig(config)
    assert (await resolver.resolve(Query("web1"))).port == 2200
    (tmp_path / "more.conf").write_text("Host web*\n  Port 22001\n")
    assert (await resolver.resolve(Query("web1"))).port == 22001


async def test_an_answer_is_asked_for_once(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = SshConfig(config)
    first = await resolver.resolve(Query("nas"))
    monkeypatch.setattr("fleet_tui.transport.ssh_config.ask_ssh", None)
    assert await resolver.resolve(Query("nas")) is first


async def test_a_file_without_anything_for_us_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config"
    path.write_text("# nothing\nHost *\n\tSendEnv LANG LC_*\n  HashKnownHosts=yes\n")
    assert not scan_config_files(path).concerns_us
    monkeypatch.setattr("fleet_tui.transport.ssh_config.ask_ssh", None)
    endpoint = await SshConfig(path).resolve(Query("web"))
    assert (endpoint.address, endpoint.port) == ("web", 22)
    assert endpoint.identity_files[0].endswith("/.ssh/id_rsa")


async def test_a_broken_file_is_told(tmp_path: Path) -> None:
    require("ssh")
    path = tmp_path / "config"
    path.write_text("Host *\n  Prot 22\n")
    with pytest.raises(Unreachable, match="Bad configuration option: prot") as caught:
        await SshConfig(path).resolve(Query("web"))
    assert caught.value.mend == f"correct {path}"


def test_without_openssh_the_library_reads_it(config: Path, tmp_path: Path) -> None:
    text = config.read_text().replace("# a comment", "")
    config.write_text(text.replace("Match originalhost", "Match host"))
    files = scan_config_files(config)
    nas = ask_asyncssh(Query("nas"), files)
    assert nas.address == "nas.example.net"
    assert nas.proxy_jump == ("gate", "alice@deep:2222")
    assert nas.identity_files[1] == f"{tmp_path}/second"
    assert nas.host_key_alias == "the-nas"
    config.write_text("Host *\n  ConnectTimeout 1m # soon\n")
    with pytest.raises(Unreachable, match="cannot be read"):
        ask_asyncssh(Query("nas"), scan_config_files(config))


@pytest.mark.parametrize(
    ("hop", "expected"),
    [
        ("gate", Query("gate")),
        ("me@gate", Query("gate", None, "me")),
        ("me@gate:2200", Query("gate", None, "me", 2200)),
        ("ssh://me@gate:2200", Query("gate", None, "me", 2200)),
        ("[fe80::1]:22", Query("fe80::1", None, None, 22)),
        ("fe80::1", Query("fe80::1")),
    ],
)
def test_hops(hop: str, expected: Query) -> None:
    assert query_of_hop(hop) == expected


async def test_a_jump_through_aliases_of_the_configuration(tmp_path: Path) -> None:
    with (
        SshServer(tmp_path, name="outer") as outer,
        SshServer(tmp_path, name="middle") as middle,
        SshServer(tmp_path, name="inner") as inner,
    ):
        path = tmp_path / "config"
        blocks = []
        for name, server, jump in (
            ("outer", outer, ""),
            ("middle", middle, ""),
            ("web", inner, "outer,middle"),
        ):
            server.client_config()
            block = server.ssh_config_text(name)
            blocks.append(f"{block}\n  ProxyJump {jump}\n" if jump else block)
        path.write_text("\n".join(blocks))
        async with pool_of(FleetConfig(hosts=(Host("web"),), ssh_config=path)) as pool:
            connection = await pool.connection("web")
            done = await connection.run("echo $SSH_CONNECTION", timeout=30)
            assert done.stdout.split()[-1] == str(inner.port).encode()
            assert outer.connections()
            assert middle.connections()


async def test_a_proxy_command_may_be_a_pipeline_of_the_shell(
    server: SshServer, tmp_path: Path
) -> None:
    program = tmp_path / "proxy.py"
    program.write_text(_PROXY)
    command = f"{sys.executable} {program} %h %p 2>/dev/null | cat"
    config = fleet_of(server, lines=[f"  ProxyCommand {command}"])
    async with pool_of(config) as pool:
        assert (await (await pool.connection("web")).run("echo hi", timeout=30)).stdout == b"hi\n"


_PROXY = """
import os, socket, sys, threading
far = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def up():
    while data := os.read(0, 65536):
        far.sendall(data)
    far.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := far.recv(65536):
    os.write(1, data)
"""


async def test_jump_hosts_that_form_a_ring_are_refused(server: SshServer) -> None:
    config = fleet_of(server)
    hosts = (Host("a", via="b"), Host("b", via="a"), Host("c", via="c"))
    async with pool_of(replace(config, hosts=hosts)) as pool:
        for name in ("a", "c"):
            with pytest.raises(Unreachable, match="ring"):
                await pool.connection(name)


async def test_a_jump_host_that_is_down_is_named(server: SshServer, tmp_path: Path) -> None:
    config = fleet_of(server)
    with refusing_port() as port:
        gate = Host("gate", address="127.0.0.1", port=port, key=str(server.user_key))
        async with pool_of(replace(config, hosts=(gate, Host("web", via="gate")))) as pool:
            with pytest.raises(Unreachable, match="jump host gate") as caught:
                await pool.connection("web")
    assert caught.value.fault == "jump"


async def test_a_target_that_refuses_behind_a_jump_host(server: SshServer) -> None:
    config = fleet_of(server, ["gate"])
    with refusing_port() as port:
        hosts = (*config.hosts, Host("web", address="127.0.0.1", port=port, via="gate"))
        async with pool_of(replace(config, hosts=hosts)) as pool:
            with pytest.raises(Unreachable, match="jump host gate") as caught:
                await pool.connection("web")
    assert caught.value.fault == "refused"


PLAIN = """
Host gate bastion*.example.net
  User jump
  Port=2200
Host web[0-9] !web3
  User never
Host !web9 web? "quoted name"
  HostName %h.internal   # where it is
  IdentityFile ~/.ssh/%r@%h
  IdentityFile /keys/two
  IdentitiesOnly true
  ProxyJump gate
  ProxyCommand never %h
Host nas
  ProxyCommand nc %h %p # not a comment
  ProxyJump never
  UserKnownHostsFile /a/known "/b/known"
  IdentityAgent none
  CertificateFile /keys/cert.pub
  HostKeyAlias nas-key
  ConnectTimeout 9
Host *
  ServerAliveInterval 15
  ServerAliveCountMax 4
  User everybody
  IdentityFile /keys/last
  Port 2222
  ForwardAgent yes
"""
NAMES = ["gate", "bastion1.example.net", "web1", "web3", "web9", "web10", "nas", "other", "quoted"]


async def test_our_reading_of_a_plain_file_is_openssh_s(tmp_path: Path) -> None:
    included = tmp_path / "part.conf"
    included.write_text("User inner\nHost web1\n  Port 1\nHost other\n  Port 2\n")
    path = tmp_path / "config"
    path.write_text(f"{PLAIN}\nHost web1 nas\n  Include {included}\n")
    files = scan_config_files(path)
    plain = PlainConfig(files)
    for name in NAMES:
        for query in (Query(name), Query(name, "10.9.8.7", "me", 99)):
            ours = endpoint_from_values(name, plain.values(query, local_user()))
            assert ours == ask_ssh(require("ssh"), query, files)


async def test_a_plain_file_is_asked_of_openssh_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config"
    path.write_text(PLAIN)
    asked: list[str] = []

    def ask(binary: str, query: Query, files: ConfigFiles) -> Endpoint:
        asked.append(query.alias)
        return ask_ssh(binary, query, files)

    monkeypatch.setattr("fleet_tui.transport.ssh_config.ask_ssh", ask)
    resolver = SshConfig(path)
    endpoints = [await resolver.resolve(Query(name)) for name in NAMES]
    assert asked == ["gate"]
    assert endpoints[2].address == "web1.internal"


@pytest.mark.parametrize(
    "line",
    [
        "Match user me",
        "KexAlgorithms +diffie-hellman-group14-sha1",
        "CanonicalizeHostname yes",
        "ConnectTimeout 1m",
        "HostName %n.net",
        "IdentityFile it\\ s",
        "NoSuchKeyword x",
    ],
)
def test_what_is_not_plain_is_left_to_openssh(tmp_path: Path, line: str) -> None:
    path = tmp_path / "config"
    path.write_text(f"Host *\n  {line}\n")
    with pytest.raises(NotPlain):
        PlainConfig(scan_config_files(path))
