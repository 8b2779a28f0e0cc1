"""When a heartbeat counts as stale: what the reducer says, whatever happens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.health.beats_book import Book, Limits, Told, due, look, missed, resumed
from fleet_tui.model.task import Beat

LIMITS = Limits.of(300.0)
EVERY = LIMITS.look_every
WALL = 1_790_000_000.0


class Watch:
    """A book with its clock and the counters of who beats."""

    def __init__(self, *names: str) -> None:
        self.book = Book()
        self.at = 1000.0
        self.counters = dict.fromkeys(names, 0)
        self.told: list[Told] = []

    def tick(self, *beating: str, seconds: float = EVERY) -> None:
        """Let time pass, some beat, and look."""
        self.at += seconds
        for name in beating:
            self.counters[name] += 1
        beats = [Beat(name, str(count)) for name, count in self.counters.items()]
        self.book = look(self.book, beats, self.at, WALL, LIMITS)
        self.book, told = due(self.book, self.at, LIMITS)
        self.told += told

    def run(self, seconds: float, *beating: str) -> None:
        """Look for so long; `beating` beat at each look."""
        for _ in range(round(seconds / EVERY)):
            self.tick(*beating)

    def state(self, name: str) -> str:
        return self.book.pulses[name].state


def test_silence_is_first_suspect_then_stale_and_told_once() -> None:
    watch = Watch("a", "b")
    watch.run(60, "a", "b")
    watch.run(LIMITS.suspect_after, "b")
    assert (watch.state("a"), watch.state("b")) == ("suspect", "fresh")
    assert watch.told == []
    watch.run(1000, "b")
    assert watch.state("a") == "stale"
    assert [(told.is_back, told.names) for told in watch.told] == [(False, ("a",))]


def test_it_is_back_after_two_beats_and_that_is_told_once() -> None:
    watch = Watch("a")
    watch.run(20, "a")
    watch.run(400)
    watch.tick("a")
    assert watch.state("a") == "suspect"
    watch.run(60)
    assert len(watch.told) == 1
    watch.tick("a")
    assert watch.state("a") == "fresh"
    watch.run(60, "a")
    assert [told.is_back for told in watch.told] == [False, True]
    assert watch.book.pulses["a"].episodes == 1


def test_one_last_gasp_is_the_same_episode() -> None:
    watch = Watch("a")
    watch.run(20, "a")
    watch.run(400)
    watch.tick("a")
    watch.run(400)
    assert watch.state("a") == "stale"
    assert len(watch.told) == 1


def test_many_at_once_are_one_notice() -> None:
    names = [f"w{n}" for n in range(40)]
    watch = Watch(*names)
    watch.run(20, *names)
    watch.run(400)
    assert [len(told.names) for told in watch.told] == [40]
    watch.run(60, *names)
    assert [len(told.names) for told in watch.told] == [40, 40]


def test_a_file_that_was_dead_all_along_goes_stale_after_the_threshold() -> None:
    watch = Watch("old")
    watch.tick()
    assert watch.state("old") == "new"
    watch.run(290)
    assert watch.state("old") == "new"
    watch.run(20)
    assert watch.state("old") == "stale"


def test_our_own_suspend_is_nobodys_death() -> None:
    names = [f"w{n}" for n in range(10)]
    watch = Watch(*names)
    watch.run(60, *names)
    watch.tick(seconds=8 * 3600)
    watch.tick(seconds=1)
    assert {watch.state(name) for name in names} == {"fresh"}
    assert watch.book.lag > 8 * 3600 - 60
    watch.run(60, *names)
    assert watch.told == []


def test_a_hub_that_is_away_ages_nobody() -> None:
    watch = Watch("a")
    watch.run(60, "a")
    watch.book = missed(watch.book)
    watch.tick(seconds=4000)
    assert watch.book.pulses["a"].silent == 0.0
    assert watch.state("a") == "fresh"


def test_a_heartbeat_that_is_removed_ends_its_episode() -> None:
    watch = Watch("a", "b")
    watch.run(20, "a", "b")
    watch.run(400, "b")
    del watch.counters["a"]
    watch.run(60, "b")
    assert [(told.is_back, told.names) for told in watch.told] == [(False, ("a",)), (True, ("a",))]


def test_an_episode_is_neither_forgotten_nor_told_again_over_a_restart() -> None:
    watch = Watch("a")
    watch.run(20, "a")
    watch.run(400)
    watch.book = resumed(Book(watch.book.pulses), 3600)
    watch.run(400)
    assert watch.state("a") == "stale"
    assert len(watch.told) == 1
    watch.run(60, "a")
    assert [told.is_back for told in watch.told] == [False, True]


def test_who_was_silent_while_nobody_looked_is_stale_after_two_looks() -> None:
    watch = Watch("a", "b")
    watch.run(60, "a", "b")
    watch.book = resumed(Book(watch.book.pulses), 3600)
    watch.tick("b")
    assert watch.state("a") == "suspect"
    watch.tick("b")
    assert (watch.state("a"), watch.state("b")) == ("stale", "fresh")


STEPS = st.lists(
    st.tuples(st.sets(st.sampled_from("abc")), st.sampled_from([0.1, EVERY, 2 * EVERY, 90.0, 9e4])),
    max_size=300,
)


@given(STEPS)
def test_notices_alternate_and_match_the_states(steps: list[tuple[set[str], float]]) -> None:
    watch = Watch("a", "b", "c")
    for beating, seconds in steps:
        watch.tick(*beating, seconds=seconds)
    for name in "abc":
        said = [told.is_back for told in watch.told if name in told.names]
        assert said == [bool(n % 2) for n in range(len(said))]


@given(STEPS)
def test_nobody_is_stale_who_was_silent_for_less_than_the_threshold(
    steps: list[tuple[set[str], float]],
) -> None:
    watch = Watch("a", "b", "c")
    real = dict.fromkeys("abc", 0.0)
    watch.tick()
    for beating, seconds in steps:
        watch.tick(*beating, seconds=seconds)
        for name in "abc":
            real[name] = 0.0 if name in beating else real[name] + seconds
            pulse = watch.book.pulses[name]
            assert pulse.silent <= real[name] + 1e-6
            if pulse.stale_since is None:
                assert pulse.state != "stale"
            if pulse.state == "fresh":
                assert pulse.silent < LIMITS.suspect_after


@given(STEPS)
def test_a_wall_clock_that_jumps_changes_nothing(steps: list[tuple[set[str], float]]) -> None:
    steady, jumping = Book(), Book()
    at, counters = 0.0, dict.fromkeys("abc", 0)
    for number, (beating, seconds) in enumerate(steps):
        at += seconds
        for name in beating:
            counters[name] += 1
        beats = [Beat(name, str(count)) for name, count in counters.items()]
        steady = look(steady, beats, at, WALL, LIMITS)
        jumping = look(jumping, beats, at, WALL + (-1) ** number * 3600, LIMITS)
        assert [p.state for p in steady.pulses.values()] == [
            p.state for p in jumping.pulses.values()
        ]
