"""A run as Markdown."""

from __future__ import annotations

from fleet_tui.handoff.document import Turn, write_document
from fleet_tui.handoff.export import export_markdown
from fleet_tui.journal.moved import Handoff
from fleet_tui.model.run import Run
from fleet_tui.model.snapshot import LineTag, ViewLine

RUN = Run(
    "r-1",
    "d-1",
    "nas",
    "claude",
    "read",
    "failed",
    "auth",
    cost_usd=0.25,
    created_at=1_795_000_000.0,
    started_at=10.0,
    finished_at=12.5,
    reason="no key",
)


class Lines:
    def __init__(self, *lines: tuple[LineTag, str]) -> None:
        self._lines = [ViewLine(tag, text) for tag, text in lines]

    @property
    def count(self) -> int:
        return len(self._lines)

    def read(self, first: int, count: int) -> list[ViewLine]:
        return self._lines[first : first + count]


def test_tools_are_folded_and_nothing_breaks_out() -> None:
    source = Lines(
        ("c", "Bash: cat </details>"),
        ("r", "  ```"),
        ("t", "# Done <script>"),
        ("t", "It is `mended`."),
        ("o", "raw"),
    )
    text = export_markdown(RUN, "mend ```it```\nplease", source)
    assert text.startswith("# mend ```it``` please\n")
    assert "- failed (auth): no key" in text
    assert "- cost $0.2500, 2.5 s, run `r-1`" in text
    assert "on `nas`, mode read" in text
    assert "````\nmend ```it```\nplease\n````" in text
    folded = "<details><summary>Bash: cat &lt;/details> and 1 more line</summary>\n\n````\n"
    assert folded + "Bash: cat </details>\n  ```\n````\n\n</details>" in text
    assert "# Done &lt;script>\nIt is `mended`." in text
    assert "```\nraw\n```" in text


def test_what_a_command_printed_is_no_markdown() -> None:
    shell = Run("r-2", "d-2", "nas", "shell", "unrestricted", "succeeded", "ok")
    assert "```\n# not a heading\n```" in export_markdown(
        shell, "x", Lines(("t", "# not a heading"))
    )


def test_a_long_run_is_cut_and_says_so() -> None:
    line: tuple[LineTag, str] = ("t", "line")
    text = export_markdown(RUN, "x", Lines(*[line] * 20_010))
    assert text.count("\nline") == 20_000
    assert "*10 more lines are left out.*" in text


def test_a_document_of_a_failed_run_says_what_is_open() -> None:
    handoff = Handoff(
        id="h-1",
        session="s",
        agent="codex",
        run="r-1",
        source="old",
        target="new",
        source_path="/a",
        aside_path="/b",
        target_path="/c",
        workdir="/w`\n# x",
        bundle="f" * 40,
    )
    text = write_document(handoff, [Turn(RUN, "mend\n# it", "")], ["src/a.py"])
    assert "- the last run ended as failed (auth): no key" in text
    assert "   > mend\n   > # it" in text
    assert "\n# it" not in text
    assert "\n# x" not in text
    assert "- `src/a.py`" in text
    assert "codex resume s" in text
    assert "commit `ffffffffffff`" in text
