from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.peers import unmodified

if TYPE_CHECKING:
    from pathlib import Path


def test_a_folder_without_the_clients_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        unmodified.main([str(tmp_path)])
    assert ended.value.code == 2
    assert f"{tmp_path} has no server.ts" in capsys.readouterr().out


def test_without_bun_nothing_is_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / unmodified.SDK).mkdir(parents=True)
    for name in ("server.ts", "broker.ts", "shared/types.ts"):
        (tmp_path / name).touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        unmodified.main([str(tmp_path)])
    assert ended.value.code == 2
    assert "bun is not installed" in capsys.readouterr().out
