"""The conversations that agents keep on hosts: the newest, or those in which something was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean
from fleet_tui.tui.safe import short as one_line
from fleet_tui.tui.screens.table_page import QueriedPage
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.queried_table import QueriedTable
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.threads import HostHits, HostThreads, Thread
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.paint import Span

LISTED = 20
"""Threads that are listed of each host."""
COLUMNS = (
    Column("when", "when", 8),
    Column("host", "host", 8, is_flexible=True, most=20),
    Column("agent", "agent", 6, drop=3),
    Column("folder", "folder", 10, is_flexible=True, most=36, drop=2),
    Column("branch", "branch", 8, is_flexible=True, most=18, drop=4),
    Column("size", "size", 7, is_right=True, drop=5),
    Column("title", "first prompt", 18, is_flexible=True),
)


class ThreadRows:
    """The rows of the list; a search also has what was said."""

    def __init__(self, app: FleetApp) -> None:
        self._app = app
        self.threads: dict[str, Thread] = {}
        self.said: dict[str, str] = {}

    def ids(self) -> Sequence[str]:
        """Return the threads' keys, newest first."""
        return sorted(self.threads, key=lambda key: -self.threads[key].changed_at)

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a thread's cells."""
        thread = self.threads[key]
        ago = fmt.age(self._app.clock.time() - thread.changed_at)
        said = self.said.get(key, "")
        title: Span = (one_line(said, 300), "") if said else (one_line(thread.title, 300), "")
        return {
            "when": [(f"{ago} ago", "muted")],
            "host": [(clean(thread.host), "")],
            "agent": [(thread.agent, "muted")],
            "folder": [(fmt.clip_middle(clean(thread.folder), 36), "")],
            "branch": [(clean(thread.branch), "muted")],
            "size": [(_size(thread.size), "muted")],
            "title": [title],
        }

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a thread's cell is ordered by."""
        thread = self.threads[key]
        if column == "when":
            return -thread.changed_at
        if column == "size":
            return -thread.size
        return "".join(text for text, _ in self.cells(key)[column])

    def search_text(self, key: str) -> str:
        """Return what a filter looks at."""
        thread = self.threads[key]
        return f"{thread.host} {thread.folder} {thread.title} {thread.session}"


def _size(count: int) -> str:
    return f"{count / 1_000_000:.1f} MB" if count >= 1_000_000 else f"{max(1, count // 1000)} kB"


class ThreadsScreen(QueriedPage):
    """`enter` reads one; `/` searches all of them on their hosts."""

    place = "threads"
    BINDINGS = bindings_for("threads", "list", "back")

    def __init__(self, app: FleetApp, target: str = "") -> None:
        self.rows = ThreadRows(app)
        table = LineTable(self.rows, COLUMNS, empty="Nothing is here yet.", id="threads-table")
        hint = "said in a conversation; Enter searches on the hosts"
        found = QueriedTable(table, "said", hint, is_live=False)
        super().__init__(app, f"threads {target}".rstrip(), found)
        self.target = target or "all"

    def on_mount(self) -> None:
        """Ask the hosts."""
        self.reload()

    @on(QueriedTable.Asked)
    def _asked_for(self, event: QueriedTable.Asked) -> None:
        event.stop()
        self.reload()

    def reload(self) -> None:
        """Ask the hosts again; only the answer to the last question is shown."""
        threads, words = self.fleet_app.control.threads, self.found.query_text
        told = f"searching for {words!r} …" if words else "asking the hosts …"
        self.entitle(told, "$fleet-muted")
        if words:
            self.ask_newest(threads.search(self.target, words), self._show_hits)
        else:
            self.ask_newest(threads.list(self.target, LISTED), self._show_list)

    def _show_list(self, found: tuple[HostThreads, ...]) -> None:
        threads = [thread for one in found for thread in one.threads]
        older = sum(one.total - len(one.threads) for one in found)
        more = f"{older:,} older not listed" if older > 0 else ""
        self._show(threads, {}, found, more)

    def _show_hits(self, found: tuple[HostHits, ...]) -> None:
        hits = [hit for one in found for hit in one.hits]
        said = {_key(hit.thread): hit.said[0].text for hit in hits if hit.said}
        cut = "; ".join(f"{one.host}: {one.cut}" for one in found if one.cut)
        self._show([hit.thread for hit in hits], said, found, cut)

    def _show(
        self,
        threads: list[Thread],
        said: dict[str, str],
        found: Sequence[HostThreads | HostHits],
        more: str,
    ) -> None:
        self.rows.threads = {_key(thread): thread for thread in threads}
        self.rows.said = said
        problems = [one.problem for one in found if one.problem]
        broken = sum(one.broken_lines for one in found)
        words = f"{self.found.query_text!r}" if self.found.query_text else ""
        parts = [
            words,
            fmt.some(len(threads), "thread"),
            more,
            f"{broken:,} broken lines passed over" if broken else "",
            f"✗ {problems[0]}" if problems else "",
            f"and {len(problems) - 1} more" if len(problems) > 1 else "",
        ]
        text = " · ".join(filter(None, parts))
        self.entitle(text, "$fleet-wait" if problems else "")
        self.table.reload()
        self.show_hints()

    @property
    def thread(self) -> Thread | None:
        """Return the thread at the cursor."""
        return self.rows.threads.get(self.table.cursor_key or "")

    def open_row(self) -> None:
        """Read the thread at the cursor."""
        from fleet_tui.tui.screens.thread import ThreadScreen

        thread = self.thread
        if thread is not None:
            self.fleet_app.open_screen(ThreadScreen(self.fleet_app, thread.host, thread.session))

    @on(LineTable.Opened)
    def _clicked(self, event: LineTable.Opened) -> None:
        event.stop()
        self.open_row()


def _key(thread: Thread) -> str:
    return f"{thread.host}:{thread.path}"
