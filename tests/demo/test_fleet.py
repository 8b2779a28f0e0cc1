from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import asyncssh
import pytest

from fleet_tui.demo import DemoFleet
from fleet_tui.demo.keys import make_key
from fleet_tui.model.errors import FleetError
from tests.demo.fleet_file import LIKE
from tests.demo.login import login, run


def test_everything_of_a_demo_lies_in_a_home_only_its_owner_can_enter(demo: DemoFleet) -> None:
    assert stat.S_IMODE(demo.home.stat().st_mode) == 0o700
    config = demo.config
    for path in (
        config.agent_home,
        config.log,
        config.data_dir,
        config.ssh_config,
        config.known_hosts,
    ):
        assert path is not None
        assert path.is_relative_to(demo.home)
    assert config.name == "demo"
    tables = [table for table in config.sections.values() if isinstance(table, Mapping)]
    paths = [Path(word) for table in tables for word in table.values() if str(word)[:1] == "/"]
    assert paths
    assert all(path.is_relative_to(demo.home) for path in paths)
    assert config.path is None


def test_every_host_is_on_loopback_and_none_runs_on_this_machine(demo: DemoFleet) -> None:
    assert {host.address for host in demo.config.hosts} == {"127.0.0.1"}
    assert {host.connection for host in demo.config.hosts} == {"ssh"}
    assert {host.key for host in demo.config.hosts} == {str(demo.home / "id_ed25519")}
    assert demo.config.host("desk").roles == frozenset({"primary"})


async def test_a_login_says_which_host_it_is_on(demo: DemoFleet) -> None:
    names = [host.name for host in demo.config.hosts if host.name != demo.unreachable]
    answers = await asyncio.gather(*(run(demo, name, "hostname") for name in names))
    assert [out.strip() for _, out, _ in answers] == names


async def test_the_unreachable_host_refuses(demo: DemoFleet) -> None:
    assert demo.unreachable == "laptop"
    with pytest.raises(ConnectionRefusedError):
        async with login(demo, "laptop"):
            pass


async def test_a_host_behind_the_bastion_is_reached_through_it_only(demo: DemoFleet) -> None:
    assert demo.config.host("web01").via == "droplet"
    assert (await run(demo, "web01", "hostname"))[1] == "web01\n"
    with pytest.raises(ConnectionRefusedError):
        async with login(demo, "web01", through_jump=False):
            pass


async def test_the_bastion_forwards_to_the_demo_and_nowhere_else(demo: DemoFleet) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        async with login(demo, "droplet") as bastion:
            with pytest.raises(asyncssh.ChannelOpenError):
                await bastion.open_connection("127.0.0.1", other.getsockname()[1])
    inner = demo.config.host("web01").port
    assert inner is not None
    async with login(demo, "web02") as ordinary:
        with pytest.raises(asyncssh.ChannelOpenError):
            await ordinary.open_connection("127.0.0.1", inner)


async def test_another_key_is_not_let_in(demo: DemoFleet, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    with pytest.raises(asyncssh.PermissionDenied):
        async with login(demo, "desk", key=str(tmp_path / "other")):
            pass


async def test_hundreds_of_hosts_answer() -> None:
    with DemoFleet.start(hosts=300, speed=0, like=LIKE) as large:
        assert len(large.config.hosts) == 300
        names = [host.name for host in large.config.hosts if host.via is None]
        names = [name for name in names if name != large.unreachable]
        some = [*names[::5], "web250"]
        answers = await asyncio.gather(*(run(large, name, "hostname") for name in some))
    assert [out.strip() for _, out, _ in answers] == some


async def test_a_login_right_after_the_start_waits_for_the_servers() -> None:
    with DemoFleet.start(speed=0, like=LIKE) as early:
        assert (await run(early, "web02", "hostname"))[1] == "web02\n"


def test_closing_ends_the_child_and_deletes_the_home() -> None:
    demo = DemoFleet.start(speed=0, like=LIKE)
    demo.wait_ready()
    demo.close()
    demo.close()
    assert not demo.home.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(demo.pid, 0)


def test_a_child_that_cannot_start_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fleet_tui.demo.fleet.SPEC_NAME", "gone.json")
    monkeypatch.setattr("fleet_tui.demo.spec.DemoSpec.save", lambda self, path: None)
    with (
        DemoFleet.start(speed=0, like=LIKE) as demo,
        pytest.raises(FleetError, match="did not start"),
    ):
        demo.wait_ready()


def test_nothing_in_the_users_home_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True)
    (home / ".claude").mkdir()
    (home / ".ssh" / "config").write_text("Host *\n  User nobody\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))

    def seen() -> list[tuple[str, int, int]]:
        stats = [(path, path.stat()) for path in sorted(home.rglob("*"))]
        return [(str(path), found.st_mtime_ns, found.st_atime_ns) for path, found in stats]

    before = seen()
    with DemoFleet.start(speed=0, like=LIKE) as demo:
        demo.wait_ready()
        status, out, _ = asyncio.run(run(demo, "web02", "echo $HOME"))
    assert (status, out) == (0, "/home/fleet\n")
    assert seen() == before


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs pidfd (Linux)")
def test_the_child_ends_and_cleans_up_when_its_parent_is_killed() -> None:
    program = (
        "import time\n"
        "from fleet_tui.demo import DemoFleet\n"
        "from tests.demo.fleet_file import LIKE\n"
        "demo = DemoFleet.start(speed=0, like=LIKE)\n"
        "demo.wait_ready()\n"
        "print(demo.pid, demo.home, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid, home = parent.stdout.readline().decode().split()
        child = os.pidfd_open(int(pid))
        try:
            os.kill(parent.pid, signal.SIGKILL)
            ended, _, _ = select.select([child], [], [], 30)
        finally:
            os.close(child)
    assert ended
    assert not os.path.exists(home)


def test_importing_the_demo_loads_no_ssh_library_and_no_screen() -> None:
    program = (
        "import sys, fleet_tui.demo\n"
        "print([name for name in ('asyncssh', 'textual', 'cryptography') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


@pytest.mark.skipif(os.name != "posix", reason="sessions are of POSIX")
def test_a_key_pressed_at_our_terminal_does_not_reach_the_hosts(demo: DemoFleet) -> None:
    assert os.getsid(demo.pid) != os.getsid(0)
