from __future__ import annotations

from fleet_tui.dispatch.gather import SHOWN_LINES, Answer, gather


def answer(host: str, *lines: str, state: str = "succeeded") -> Answer:
    return Answer(f"r-{host}", host, state, lines)


def test_equal_answers_become_one_group_with_its_hosts_as_ranges() -> None:
    groups = gather([answer("web01", "ok"), answer("nas", "no"), answer("web02", "ok")])
    assert [(group.hosts, group.lines) for group in groups] == [
        ("web[01-02]", ("ok",)),
        ("nas", ("no",)),
    ]


def test_the_odd_one_out_shows_how_it_differs() -> None:
    groups = gather([answer("a", "x", "y"), answer("b", "x", "y"), answer("c", "x", "z")])
    assert groups[0].difference == ()
    assert "-y" in groups[1].difference
    assert "+z" in groups[1].difference


def test_the_same_lines_with_another_state_are_another_answer() -> None:
    assert len(gather([answer("a", "x"), answer("b", "x", state="failed")])) == 2


def test_long_answers_are_cut_but_counted() -> None:
    (group,) = gather([answer("a", *["line"] * (SHOWN_LINES + 7))])
    assert len(group.lines) == SHOWN_LINES
    assert group.cut_lines == 7


def test_nothing_gathers_to_nothing() -> None:
    assert gather([]) == ()
