"""A right file becomes the model; an unreadable one is one clear line."""

from pathlib import Path
from typing import NoReturn

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_tui.config import load
from fleet_tui.config.validate import SECTIONS
from fleet_tui.model.config import Attention, Budget, Defaults, FleetConfig
from fleet_tui.model.errors import ConfigError
from fleet_tui.model.host import Host
from fleet_tui.model.text import sanitize
from tests.support.schema import keys_of


def load_text(folder: Path, text: str | bytes) -> FleetConfig:
    path = folder / "fleet.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(path)


def only_problem(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert len(caught.value.problems) == 1
    assert caught.value.exit_code == 2
    return str(caught.value.problems[0])


def test_a_name_is_enough(tmp_path: Path) -> None:
    config = load_text(tmp_path, '[[host]]\nname = "nas"\n')
    assert config == FleetConfig(
        hosts=(Host("nas"),), path=tmp_path / "fleet.toml", sections=config.sections
    )
    assert config.sections == {}


def test_all_of_a_host_reaches_the_model(tmp_path: Path) -> None:
    config = load_text(
        tmp_path,
        """
        [[host]]
        name = "jump"
        [[host]]
        name = "web01"
        address = "fe80::1%eth0"
        user = "deploy"
        port = 2222
        via = "jump"
        connection = "ssh"
        shell = "powershell"
        roles = ["worker", "hub"]
        groups = ["web", "eu"]
        tier = "server"
        agent = "codex"
        agent_paths = { claude = '/opt/claude', codex = 'C:\\codex.exe' }
        workdir = "~/src"
        env = { LANG = "C", LINES = "a\\nb" }
        key = "keys/id_web"
        [host.verify]
        command = "cat release"
        expect = "7"
        """,
    )
    assert config.host("web01") == Host(
        "web01",
        address="fe80::1%eth0",
        user="deploy",
        port=2222,
        via="jump",
        connection="ssh",
        shell="powershell",
        roles=frozenset({"worker", "hub"}),
        groups=("web", "eu"),
        tier="server",
        agent="codex",
        agent_paths=config.host("web01").agent_paths,
        workdir="~/src",
        env=config.host("web01").env,
        key=str(tmp_path / "keys/id_web"),
        verify_command="cat release",
        verify_expect="7",
    )
    assert config.host("web01").agent_paths == {"claude": "/opt/claude", "codex": "C:\\codex.exe"}
    assert config.host("web01").env == {"LANG": "C", "LINES": "a\nb"}


def test_verify_may_be_a_bare_command(tmp_path: Path) -> None:
    config = load_text(tmp_path, '[[host]]\nname = "a"\nverify = "test -d src"\n')
    assert config.host("a").verify_command == "test -d src"
    assert config.host("a").verify_expect is None


def test_sections_reach_the_model(tmp_path: Path) -> None:
    config = load_text(
        tmp_path,
        """
        [fleet]
        name = "home"
        agent_home = "~/.claude"
        log = "audit.log"
        data_dir = "/srv/fleet"
        ssh_config = "ssh/config"
        known_hosts = "known"
        [defaults]
        agent = "codex"
        mode = "write"
        model = "sonnet"
        timeout = 0
        stall_after = 0
        budget_usd = 1
        fanout = 8
        keepalive = "500ms"
        connect_timeout = 2.5
        stale_after = "1h30m"
        [budget]
        usd_per_day = 10
        usd_per_dispatch = 2.5
        [ui]
        theme = "dark"
        bell = ["run-failed"]
        desktop = ["question-asked", "run-failed"]
        aliases = { nas = "hosts nas*" }
        [keys]
        pane.zoom = ["Z"]
        "pane.next" = "m"
        quit = "ctrl+t"
        dispatch = ["d", "n"]
        [queue]
        backend = "directory"
        lease = "2m"
        [[notify]]
        kind = "local"
        events = ["run-failed"]
        [[host]]
        name = "a"
        """,
    )
    assert config.name == "home"
    assert config.agent_home == Path("~/.claude")
    assert config.log == tmp_path / "audit.log"
    assert config.data_dir == Path("/srv/fleet")
    assert config.ssh_config == tmp_path / "ssh/config"
    assert config.known_hosts == tmp_path / "known"
    assert config.defaults == Defaults(
        "codex", "write", None, 0.0, 1.0, 8, 0.5, 2.5, 5400.0, "sonnet"
    )
    assert config.budget == Budget(10.0, 2.5)
    assert config.theme == "dark"
    assert config.attention == Attention(("run-failed",), (), ("question-asked", "run-failed"))
    assert config.aliases == {"nas": "hosts nas*"}
    assert config.keys == {
        "pane.zoom": ("Z",),
        "pane.next": ("m",),
        "quit": ("ctrl+t",),
        "dispatch": ("d", "n"),
    }
    first = config.key_lines["pane.zoom"]
    assert config.key_lines == {
        "pane.zoom": first,
        "pane.next": first + 1,
        "quit": first + 2,
        "dispatch": first + 3,
    }
    assert config.sections == {
        "queue": {"backend": "directory", "lease": 120.0},
        "notify": ({"kind": "local", "events": ("run-failed",)},),
    }


def test_windows_editors_are_forgiven(tmp_path: Path) -> None:
    config = load_text(tmp_path, b'\xef\xbb\xbf[[host]]\r\nname = "a"\r\n')
    assert [host.name for host in config.hosts] == ["a"]


scalars = st.one_of(
    st.integers(), st.floats(), st.booleans(), st.text(max_size=5), st.datetimes(), st.none()
).filter(lambda value: value is not None)
keys = st.one_of(
    st.sampled_from([key.name for section in SECTIONS for key in keys_of(section)]),
    st.text(max_size=4),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=8,
)
documents = st.dictionaries(
    st.one_of(st.sampled_from([section.name for section in SECTIONS]), st.text(max_size=3)),
    st.one_of(
        values,
        st.dictionaries(keys, values, max_size=4),
        st.lists(st.dictionaries(keys, values, max_size=4), max_size=3),
    ),
    max_size=5,
)


@settings(
    deadline=None, max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(documents)
def test_any_document_loads_or_raises_a_config_error(
    tmp_path: Path, document: dict[str, object]
) -> None:
    try:
        load_text(tmp_path, tomli_w.dumps(document))
    except ConfigError as error:
        told = [str(problem) for problem in error.problems]
        assert told == sorted(set(told), key=told.index)
        assert all(sanitize(line) == line and "\n" not in line for line in told)


@settings(
    deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(st.binary(), st.text("[]{}=\"'#\n ab1.\\", max_size=30).map(str.encode)))
def test_any_bytes_load_or_raise_a_config_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigError):
        load_text(tmp_path, content)


def test_no_file(tmp_path: Path) -> None:
    path = tmp_path / "fleet.toml"
    assert only_problem(path) == (
        f"{path}: file: does not exist; write one with `fleet-tui init`, or name it with --config"
    )


def test_a_folder(tmp_path: Path) -> None:
    assert only_problem(tmp_path) == (
        f"{tmp_path}: file: is a folder; name the file in it, like fleet.toml"
    )


def test_a_file_that_must_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so the system's answer is put in its place."""
    path = tmp_path / "fleet.toml"
    path.write_text("")

    def refuse(_path: Path, _mode: str) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert only_problem(path) == (
        f"{path}: file: must not be read by you; give yourself the right to read it"
    )


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "fleet.toml"
    assert only_problem(path).startswith(f"{path}: file: cannot be read (Not a directory); ")


def test_a_path_that_no_system_knows() -> None:
    assert "cannot be read" in only_problem(Path("fleet\0.toml"))


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        (b'[fleet]\nname = "caf\xe9"\n', 2, "file: is not UTF-8 (byte 0xe9); save it as UTF-8"),
        ("[fleet]\n".encode("utf-16"), 1, "file: is UTF-16; save it as UTF-8"),
        (b"\n[fleet\n", 2, "syntax: "),
        (b"a = 1\na = 2\n", 2, "syntax: "),
        (b"a = 1\n[x]\nb = [\n\n", 3, "syntax: "),
        (b'a = "C:\\Users"\n', 1, "syntax: "),
        (b"a = " + b"9" * 5_000, None, "syntax: "),
        (b"a = " + b"[" * 100_000, None, "file: is nested too deep; "),
        (b"#" * (4 * 1024 * 1024 + 1), None, "file: is larger than 4194304 bytes; "),
    ],
    ids=["latin-1", "utf-16", "header", "twice", "end", "escape", "digits", "deep", "large"],
)
def test_text_that_is_no_toml_is_one_problem(
    tmp_path: Path, content: bytes, line: int | None, problem: str
) -> None:
    path = tmp_path / "fleet.toml"
    path.write_bytes(content)
    place = f"{path}:{line}" if line else str(path)
    assert only_problem(path).startswith(f"{place}: {problem}")
