from __future__ import annotations

import pytest

from fleet_tui.model.errors import Refused
from fleet_tui.model.roles_view import MirrorView
from fleet_tui.tui.screens.host import HostScreen
from fleet_tui.tui.screens.promotion import PromotionScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl


@pytest.fixture
def control() -> FakeControl:
    control = FakeControl()
    control.set_fleet(this_host="hs-pc", role="secondary", is_read_only=True)
    control.roles.show(why_observer="cc-pc leads the fleet with epoch 7")
    return control


async def test_an_observer_promotes_by_p_and_the_typed_name(control: FakeControl) -> None:
    async with at_desk(control) as desk:
        await desk.press("j", "p")
        assert desk.is_on(PromotionScreen)
        assert "not reached: connection refused" in desk.text()
        assert "what cc-pc logged after line 412" in desk.text()
        await desk.write("hs-pc")
        await desk.press("enter")
        assert ("promote", ("hs-pc", "hs-pc")) in control.calls
        assert "hs-pc leads with epoch 8" in desk.text()
        assert "the mirror's remote names hs-pc" in desk.text()
        await desk.press("escape")
        assert desk.is_home()
        assert not desk.app.why_read_only


@pytest.mark.parametrize("typed", ["", "cc-pc", "yes"])
async def test_another_name_promotes_nobody(control: FakeControl, typed: str) -> None:
    async with at_desk(control) as desk:
        await desk.press("p")
        await desk.write(typed)
        await desk.press("enter")
        assert "Type hs-pc and press enter" in desk.text()
        assert not [call for call in control.calls if call[0] == "promote"]


async def test_what_cannot_be_done_is_said_and_not_tried(control: FakeControl) -> None:
    control.roles.why_not = "the mirror's remote cannot be asked"
    async with at_desk(control) as desk:
        await desk.press("p")
        await desk.write("hs-pc")
        await desk.press("enter")
        assert "This cannot be done: the mirror's remote cannot be asked" in desk.text()
        assert not [call for call in control.calls if call[0] == "promote"]


async def test_whoever_comes_second_is_told_who_won(control: FakeControl) -> None:
    control.refusal = Refused("droplet was promoted to epoch 8 first, by op@droplet")
    async with at_desk(control) as desk:
        await desk.press("p")
        await desk.write("hs-pc")
        await desk.press("enter")
        assert "droplet was promoted to epoch 8 first" in desk.text()
        assert desk.is_on(PromotionScreen)


async def test_an_observer_sees_who_leads_and_the_way_back(control: FakeControl) -> None:
    control.roles.show(notes=("rescued: rescue/hs-pc/1",))
    async with at_desk(control, size=(80, 24)) as desk:
        shown = " ".join(desk.text().split())
        assert "cc-pc leads the fleet with epoch 7: this machine may only look" in shown
        assert "p promotes hs-pc" in shown
        assert "rescued: rescue/hs-pc/1" in shown
        control.roles.show(why_observer="")
        await desk.settle()
        assert "may only look" not in desk.text()


async def test_a_host_can_be_named_by_command(control: FakeControl) -> None:
    async with at_desk(control, size=(80, 24)) as desk:
        await desk.press(":")
        await desk.write("promote droplet")
        await desk.press("enter")
        assert ("preflight", "droplet") in control.calls
        assert "promotion / droplet" in desk.text()
        assert "enter promote" in desk.text()


async def test_the_hosts_show_who_leads_and_their_mirrors(control: FakeControl) -> None:
    mirror = MirrorView("hs-pc", "ok", commit="9f31c07aa" * 4, behind=2, edits=(" M CLAUDE.md",))
    control.roles.show(mirrors={"hs-pc": mirror}, primary="hs-pc")
    async with at_desk(control, size=(200, 50)) as desk:
        await desk.press("z")
        (row,) = [
            line for line in desk.text().splitlines() if "hs-pc" in line and "9f31c07" in line
        ]
        assert "9f31c07 ↓2 ✎1" in row
        assert "primary" in row
        await desk.press("j", "enter")
        assert desk.is_on(HostScreen)
        assert "2 behind, 1 files edited" in desk.text()
