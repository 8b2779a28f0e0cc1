"""`unrestricted` where the run would be root, with the real Claude Code on a real sshd."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.agents.cases import Case, environment
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.program import Program
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from pathlib import Path

SKIPS = ("run", "box", "--mode", "unrestricted", "--confirm", "box", "--json", "--", "hello")


def test_root_skips_no_permissions_unless_the_file_allows_it(tmp_path: Path) -> None:
    home, work = tmp_path / "agent-home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    with ModelApi() as api:
        env = environment("claude", Case("root", "hello", "ok"), api.url, home)
        with SshServer(tmp_path, env=env) as server:
            program = Program(tmp_path)
            program.configure_for(server, "box", workdir=str(work))
            with program.config.open("a") as config:
                config.write(f"agent_paths = {{ claude = {require_cli('claude')!r} }}\n")
            would_be_root = os.geteuid() == 0
            done = program.run(*SKIPS)
            assert done.code == (3 if would_be_root else 0)
            (end,) = done.events("run-finished")
            if would_be_root:
                assert end["outcome"] == "refused"
                assert "would be root on box" in end["reason"]
                assert "allow_root" in end["mend"]
                assert api.seen == []
            with program.config.open("a") as config:
                config.write("allow_root = true\n")
            (end,) = program.run(*SKIPS).events("run-finished")
            assert (end["state"], end["mode"]) == ("succeeded", "unrestricted"), end
