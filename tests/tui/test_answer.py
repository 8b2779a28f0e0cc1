"""An answer with its Markdown drawn: by us, as text, whatever it holds."""

from __future__ import annotations

import random
import re

from rich.cells import cell_len

from fleet_tui.tui.markdown_rows import CODE, markdown_rows
from fleet_tui.tui.screens.answer import AnswerScreen, last_answer
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.fake_lines import CountingLines

ANSWER = """\
# What is slow

The backup runs with **fstrim**, see `iostat -x` and [the manual](https://example.org/man).

1. Move `fstrim.timer`
   to Sunday.
2. Then:
   - look again
   - *later*

> Quoted words
> of the manual.

```sh
systemctl edit fstrim.timer   # stays as it is, however long this line of code may become here
```

| host | took |
|------|-----:|
| nas1 | 3 h  |

---
<script>alert(1)</script> [/foo] [@click=app.quit]x[/] &#x202e;evil &#27;[2J
"""


def test_blocks_are_drawn() -> None:
    rows = [row.text.rstrip() for row in markdown_rows(ANSWER, 60)]
    text = "\n".join(rows)
    assert rows[0] == "What is slow"
    assert "the manual (https://example.org/man)." in text.replace("\n", " ")
    assert "1. Move fstrim.timer to Sunday." in rows
    assert "   ◦ look again" in rows
    assert "▎ Quoted words of the manual." in rows
    assert "nas1 │ 3 h" in rows
    assert "─────┼─────" in rows
    assert "<script>alert(1)</script> [/foo] [@click=app.quit]x[/]" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert all(cell_len(row) <= 60 for row in rows if "systemctl" not in row)


def test_weights_and_colours_are_kept_beside_the_text() -> None:
    rows = markdown_rows(ANSWER, 200)
    heading, sentence = rows[0], next(row for row in rows if "backup" in row.text)
    assert heading.colours[0][1].bold
    pens = {sentence.text[at:].split()[0]: pen for at, pen in sentence.colours}
    assert pens["fstrim"].bold if "fstrim" in pens else pens["fstrim,"].bold
    assert pens["iostat"] == CODE


def test_anything_can_be_drawn() -> None:
    chance = random.Random(5)
    parts = (
        "#", "*", "_", "`", "```\n", "> ", "- ", "1. ", "|", "\n", "\n\n", "  ", "[", "](", ")",
        "<b>", "&#27;", "&#x9b;", "~~", "a", "\u5168", "---", "\\", "\t", "![",
    )  # fmt: skip
    control = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e]")
    for _ in range(1_500):
        text = "".join(chance.choice(parts) for _ in range(chance.randrange(60)))
        for row in markdown_rows(text, chance.choice([1, 20, 80])):
            assert control.search(row.text) is None, text


def test_the_answer_is_what_follows_the_last_tool_call() -> None:
    assert last_answer(CountingLines(0)) == ""
    lines = CountingLines(5_000, ("t", "c", "t", "m", "t"))
    assert last_answer(lines) == "line 4997 of the flood\nline 4999 of the flood"


async def test_the_answer_opens_over_the_output_and_goes_away() -> None:
    control = FakeControl()
    dispatch = control.start(["nas1", "web01"], "look")
    control.say(dispatch, "nas1", ("c", "Bash: ls"), ("t", "# Done"), ("t", "All is **well**."))
    async with at_desk(control, (80, 24)) as desk:
        await desk.press("5", "M")
        assert "Choose a run first" in desk.toasts()[-1]
        await desk.press("right", "M")
        assert desk.is_on(AnswerScreen)
        await desk.settle()
        assert "All is well." in desk.text()
        assert "**" not in desk.text()
        await desk.pilot.resize_terminal(40, 20)
        await desk.settle()
        assert "All is well." in desk.text()
        await desk.press("escape")
        assert desk.is_home()
