from __future__ import annotations

import pytest

from fleet_tui.peers.identity import normal_repo, session_name


@pytest.mark.parametrize(
    "remote",
    [
        "git@github.com:acme/Widget.git",
        "ssh://git@github.com:22/acme/Widget.git",
        "https://github.com/acme/Widget",
        "https://user:secret@GitHub.com/acme/Widget.git/",
        "git@github.com:/acme//Widget.git",
    ],
)
def test_clones_by_any_url_are_one_repository(remote: str) -> None:
    assert normal_repo(remote) == "github.com/acme/Widget"


@pytest.mark.parametrize(
    "remote", ["", "/srv/git/x.git", "file:///srv/x.git", "../x", "https://h/"]
)
def test_what_names_no_other_machine_is_no_repository(remote: str) -> None:
    assert normal_repo(remote) == ""


def test_a_name_is_what_a_person_gave_or_outlasts_the_process() -> None:
    session = "f63f1234-aaaa-4bbb-8ccc-000000000000"
    assert session_name("Backend API", "/srv/w", "claude", session) == "backend-api"
    assert session_name("", "/srv/Web App/", "claude", session) == "web-app-f63f"
    assert session_name("", "", "codex", session) == "codex-f63f"
    assert session_name("\x1b[2J", "/w", "claude", session) == "w-f63f"
