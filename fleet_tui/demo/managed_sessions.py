"""Sessions of the stand-in for the cloud service: what they hold, and the turns they play.

A stand-in because the real service is not on this machine. What a turn does follows from words of
its prompt: `ask`, `budget`, `fail`, `decline`, `long`, `custom`; any other looks around and ends.
"""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import queue
    from collections.abc import Callable, Iterator

Event = dict[str, Any]

TURN_CENTS = 7
STEP_SECONDS = 0.02
"""The least time between two lines of a turn that does not end by itself."""
ENDS_STREAM = frozenset({"session.status_terminated", "session.deleted"})
PLAIN_ANSWER = """\
I looked at all 214 packages. Three have known weaknesses:

- `httplib 2.1` reads past its buffer; 2.1.4 mends it
- `yamlish 0.9` runs what it loads; use `safe_load`
- `zipper 4.0` follows links out of its folder

The first two are used by the importer; I would begin there."""
LONG_LINES = ("Reading the journal …", "Comparing with last week …", "Counting what is new …")


def now() -> str:
    """Return the time as the service writes it."""
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@dataclass(slots=True)
class CloudSession:
    """One session: what the service would say of it, what happened, who listens."""

    about: dict[str, Any]
    events: list[Event] = field(default_factory=list)
    listeners: list[queue.SimpleQueue[Event | None]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    waits_for: dict[str, threading.Event] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)
    cents: int = 0

    @property
    def id(self) -> str:
        """The service's id."""
        return str(self.about["id"])


class Playwright:
    """Makes events and plays turns, each on a thread of its own."""

    def __init__(self, wait: Callable[[float], bool]) -> None:
        """`wait` waits so many seconds of human time; True when the service is closing."""
        self.lock = threading.Lock()
        self._wait = wait
        self._number = itertools.count(1)

    def new_id(self, kind: str) -> str:
        """Return an id like those of the service."""
        return f"{kind}_{next(self._number):06d}"

    def publish(self, session: CloudSession, event: Event, *, is_kept: bool = True) -> Event:
        """Add an event, and tell it to all who listen; previews are not kept."""
        with self.lock:
            if is_kept:
                event = {"id": self.new_id("sevt"), "processed_at": now(), **event}
                session.events.append(event)
                self._note(session, event)
            for listener in session.listeners:
                listener.put(event)
        return event

    def begin(self, session: CloudSession, text: str) -> None:
        """Play a turn beside everything else."""
        session.stopped.clear()
        thread = threading.Thread(target=self._turn, args=(session, text.lower()), daemon=True)
        thread.start()

    def _note(self, session: CloudSession, event: Event) -> None:
        kind = event["type"]
        if kind.startswith("session.status_"):
            word = kind.removeprefix("session.status_")
            session.about["status"] = "rescheduling" if word == "rescheduled" else word
        session.about["updated_at"] = event["processed_at"]

    def _turn(self, session: CloudSession, text: str) -> None:
        self.publish(session, {"type": "session.status_running"})
        for step in self._steps(session, text):
            if self._wait(step):
                return
            if session.stopped.is_set():
                self._idle(session, "end_turn")
                return

    def _steps(self, session: CloudSession, text: str) -> Iterator[float]:
        """Do the turn's steps; yields the seconds to wait before the next."""
        yield 0.8
        self._request(session)
        if "fail" in text:
            told = "the model is overloaded"
            retry = {"type": "exhausted"}
            fault = {"type": "model_overloaded_error", "message": told, "retry_status": retry}
            self.publish(session, {"type": "session.error", "error": fault})
            self._idle(session, "retries_exhausted")
            return
        if "decline" in text:
            self._idle(session, "refusal")
            return
        if "budget" in text:
            self._charge(session, self._cap(session))
            self._idle(session, "budget_reached")
            return
        if "long" in text:
            for line in itertools.cycle(LONG_LINES):
                yield 2.0
                session.stopped.wait(STEP_SECONDS)
                self._say(session, line)
        if "ask" in text or "custom" in text:
            yield from self._asking(session, is_custom="custom" in text)
        else:
            yield from self._looking(session)
        yield from self._answer(session, PLAIN_ANSWER)
        self.publish(session, {"type": "some.future_event", "x": 1})
        self._charge(session, TURN_CENTS)
        self._idle(session, "end_turn")

    def _looking(self, session: CloudSession) -> Iterator[float]:
        used = self._use(session, "bash", {"command": "pip list --outdated"}, "allow")
        yield 1.0
        self._result(session, used, "httplib 2.1\nyamlish 0.9\nzipper 4.0")
        yield 0.6

    def _asking(self, session: CloudSession, *, is_custom: bool) -> Iterator[float]:
        kind = "agent.custom_tool_use" if is_custom else "agent.tool_use"
        command = {"command": "pip install httplib==2.1.4 && pytest -q"}
        used = self._use(session, "bash", command, "ask", kind)
        decided = session.waits_for[used] = threading.Event()
        stop = {"type": "requires_action", "event_ids": [used]}
        self.publish(session, {"type": "session.status_idle", "stop_reason": stop})
        while not decided.wait(0.05):
            yield 0.0
        self.publish(session, {"type": "session.status_running"})
        yield 0.6
        if session.verdicts.get(used) == "allow":
            self._result(session, used, "214 passed in 12.31s")
        else:
            self._result(session, used, "denied by the user", is_error=True)
        yield 0.4

    def _answer(self, session: CloudSession, text: str) -> Iterator[float]:
        message = self.new_id("sevt")
        start = {"type": "event_start", "event": {"id": message, "type": "agent.message"}}
        self.publish(session, start, is_kept=False)
        for piece in text.splitlines(keepends=True):
            content = {"type": "text", "text": piece}
            delta = {"type": "content_delta", "index": 0, "content": content}
            self.publish(
                session,
                {"type": "event_delta", "event_id": message, "delta": delta},
                is_kept=False,
            )
            yield 0.25
        self._say(session, text, message)

    def _say(self, session: CloudSession, text: str, message: str | None = None) -> None:
        said = {"type": "agent.message", "content": [{"type": "text", "text": text}]}
        self.publish(session, said if message is None else {"id": message, **said})

    def _use(
        self,
        session: CloudSession,
        name: str,
        given: dict[str, str],
        permission: str,
        kind: str = "agent.tool_use",
    ) -> str:
        used = {"type": kind, "name": name, "input": given, "evaluated_permission": permission}
        return str(self.publish(session, used)["id"])

    def _result(
        self, session: CloudSession, use: str, text: str, *, is_error: bool = False
    ) -> None:
        content = [{"type": "text", "text": text}]
        result = {"type": "agent.tool_result", "tool_use_id": use, "content": content}
        self.publish(session, {**result, "is_error": is_error})

    def _request(self, session: CloudSession) -> None:
        start = self.publish(session, {"type": "span.model_request_start"})
        usage = {"input_tokens": 11, "output_tokens": 7}
        cache = {"cache_creation_input_tokens": 0, "cache_read_input_tokens": 3}
        end = {"type": "span.model_request_end", "model_request_start_id": start["id"]}
        self.publish(session, {**end, "is_error": False, "model_usage": {**usage, **cache}})

    def _charge(self, session: CloudSession, cents: int) -> None:
        session.cents += cents
        usage = {"list_cost": {"amount": str(session.cents), "currency": "USD"}}
        session.about["usage"] = usage
        about = {"usage": usage, "budget": session.about["budget"]}
        self.publish(session, {"type": "session.usage", **about})

    def _cap(self, session: CloudSession) -> int:
        return int(session.about["budget"]["max_list_cost"]["amount"]) - session.cents

    def _idle(self, session: CloudSession, why: str) -> None:
        self.publish(session, {"type": "session.status_idle", "stop_reason": {"type": why}})
