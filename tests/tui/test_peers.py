from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.peer import OPERATOR, Peer
from fleet_tui.model.peers_view import Answered, ConferenceView
from fleet_tui.tui.screens.conference import ConferenceScreen
from fleet_tui.tui.screens.conversation import ConversationScreen
from fleet_tui.tui.screens.peer_forms import PeerForm
from fleet_tui.tui.screens.peers import PeersScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl

if TYPE_CHECKING:
    from tests.tui.desk import Desk

API = Peer(
    "api-1c83@nas1",
    2,
    "nas1",
    cwd="/srv/api",
    repo="git.example.com/homelab/api",
    branch="trunk",
    summary="adds rate limits",
    state="idle",
    source="registry",
)
WEB = Peer("web-acef@droplet", 1, "droplet", state="blocked", waits_for="permission prompt")


def met() -> FakeControl:
    control = FakeControl()
    control.peers.meet(API, WEB)
    return control


async def on_peers(desk: Desk) -> None:
    await desk.press("3")


async def test_the_pane_shows_who_there_is_and_who_has_written() -> None:
    control = met()
    async with at_desk(control, (160, 45)) as desk:
        control.peers.say(API.name, OPERATOR, "DONE: merged")
        await desk.settle()
        text = desk.text()
        assert "3 peers · 2 live · 1 new" in text
        assert "■ blocked" in text
        assert "adds rat" in text


async def test_a_conversation_shows_the_ladder_and_counts_as_read() -> None:
    control = met()
    async with at_desk(control, (120, 40)) as desk:
        sent = control.peers.say(OPERATOR, API.name, "how far are you?", route="socket")
        control.peers.say(API.name, OPERATOR, "half way\x1b[2J [red]through[/red]")
        await on_peers(desk)
        await desk.press("/")
        await desk.write("api")
        await desk.press("enter", "enter")
        assert desk.is_on(ConversationScreen)
        assert "· queued" in desk.text()
        assert "[red]through[/red]" in desk.text()
        assert control.peers.view.unread == 0
        control.peers.climb(sent, rung="seen", detail="transcript line at byte 18,220")
        await desk.settle()
        assert "◉ seen · by socket · transcript line at byte 18,220" in desk.text()


async def test_an_answer_names_what_it_answers() -> None:
    control = met()
    async with at_desk(control, (120, 40)) as desk:
        asked = control.peers.say(API.name, OPERATOR, "may I force-push?")
        desk.app.perform("peer.open", API.name)
        await desk.settle()
        await desk.press("enter")
        assert desk.is_on(PeerForm)
        await desk.write("no")
        await desk.press("f5")
        assert control.calls[-1] == ("send", (API.name, "no", "normal", asked.id))
        assert desk.is_on(ConversationScreen)
        assert "re m-" in desk.text()


async def test_a_broadcast_asks_whom_it_is_for_and_keeps_its_draft() -> None:
    control = met()
    async with at_desk(control, (120, 40)) as desk:
        await on_peers(desk)
        await desk.press("b")
        await desk.write("pull trunk")
        await desk.press("escape", "b")
        assert "pull trunk" in desk.text()
        await desk.press("f5")
        assert control.calls[-1] == ("broadcast", ("fleet", "pull trunk", "normal"))


async def test_a_conference_shows_answers_as_they_come_and_who_is_missing() -> None:
    control = met()
    rows = (
        Answered(API.name, control.now, "replied", ("42 %", "no"), control.now + 3),
        Answered(WEB.name, control.now - 90, "handed-over", ("", "")),
    )
    async with at_desk(control, (120, 40)) as desk:
        await on_peers(desk)
        await desk.press("c")
        await desk.write("disk")
        await desk.press("f5")
        assert control.calls == [("confer", ("fleet", ("disk",)))]
        held = ConferenceView("c-1", "fleet", ("disk", "errors"), control.now, rows)
        control.peers.change(conferences=(held,))
        await desk.press("t")
        assert desk.is_on(ConferenceScreen)
        text = desk.text()
        assert "1 of 2 answered" in text
        assert "1. 42 %  2. no" in text
        assert "missing 1m" in text
        await desk.press("e")
        assert control.calls[1:] == [("export", "c-1")]
        await desk.press("enter")
        assert desk.is_on(ConversationScreen)


async def test_reserved_paths_stand_below_the_sessions() -> None:
    control = met()
    async with at_desk(control, (120, 40)) as desk:
        await on_peers(desk)
        await desk.press("a")
        assert desk.is_on(PeersScreen)
        await desk.press("e")
        await desk.write("strict mode")
        await desk.press("f5")
        assert control.calls == [("reserve", ("HOST:/PATH", "strict mode", 1800.0))]
        assert "1 reserved" in desk.text()


async def test_messages_are_found_by_their_words() -> None:
    control = met()
    async with at_desk(control, (80, 24)) as desk:
        control.peers.say(API.name, OPERATOR, "the cart is mended")
        control.peers.say(WEB.name, OPERATOR, "nothing new")
        desk.app.perform("peer.search", "cart")
        await desk.settle()
        assert "the cart is mended" in desk.text()
        assert "nothing new" not in desk.text()


async def test_nothing_is_sent_read_only() -> None:
    control = met()
    async with at_desk(control, (120, 40), read_only=True) as desk:
        await on_peers(desk)
        await desk.press("b", "w", "c")
        assert desk.is_home()
        assert not any(name in ("send", "broadcast") for name, _ in control.calls)
