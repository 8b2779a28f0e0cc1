"""When silence means the end, in time that the test owns."""

from __future__ import annotations

from fleet_tui.transport.keepalive import Pulse, Sweep


class Peer:
    """A watched connection that notes what is done to it."""

    def __init__(self) -> None:
        self.heard = False
        self.probed_at: list[float] = []
        self.ended_at: float | None = None
        self.now = 0.0

    def heard_something(self) -> bool:
        heard, self.heard = self.heard, False
        return heard

    def probe(self) -> None:
        self.probed_at.append(self.now)

    def give_up(self, reason: str) -> None:
        self.ended_at = self.now


def sweep(peer: Peer, *, answers_until: float = -1.0, seconds: int = 60) -> None:
    watched = Sweep()
    watched.watch(Pulse(peer, interval=5.0, heard_at=0.0))
    for second in range(1, seconds):
        peer.now = float(second)
        answered = len(peer.probed_at)
        watched.tick(peer.now)
        if len(peer.probed_at) > answered and peer.now <= answers_until:
            peer.heard = True
        if peer.ended_at is not None:
            watched.forget(peer)


def test_a_silent_peer_is_probed_three_times_and_given_up_within_20_seconds() -> None:
    peer = Peer()
    sweep(peer)
    assert peer.probed_at == [1.0, 5.0, 10.0, 15.0]
    assert peer.ended_at == 18.0


def test_a_peer_that_answers_lives() -> None:
    peer = Peer()
    sweep(peer, answers_until=1000.0)
    assert peer.ended_at is None


def test_a_peer_that_goes_silent_later_is_found_as_fast() -> None:
    peer = Peer()
    sweep(peer, answers_until=30.0)
    assert peer.ended_at is not None
    assert peer.ended_at - 30.0 < 20.0


def test_a_peer_that_sends_by_itself_is_not_probed() -> None:
    peer = Peer()
    watched = Sweep()
    watched.watch(Pulse(peer, interval=5.0, heard_at=0.0, is_new=False))
    for second in range(1, 60):
        peer.heard = True
        watched.tick(float(second))
    assert peer.probed_at == []
    assert watched.heard_at(peer) == 59.0
