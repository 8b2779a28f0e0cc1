"""Each service gets its own format, and every answer of it means what its documentation says."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.notify import carrier as carrying
from fleet_tui.notify.carrier import Carrier
from fleet_tui.notify.keys import KeyRing
from fleet_tui.notify.message import Button, Message, Response
from fleet_tui.notify.services.common import MAX_WAIT, retry_after
from fleet_tui.notify.settings import Route, RouteKind, Secret
from tests.notify.services import (
    PUSHOVER_TOKEN,
    PUSHOVER_USER,
    RECEIPT,
    TOKEN,
    Reply,
    Services,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

KINDS: tuple[RouteKind, ...] = ("ntfy", "pushover", "slack", "discord", "teams", "webhook")
PATHS = {"ntfy": "/ntfy/alerts", "pushover": "/pushover/1/messages.json"}
MESSAGE = Message(
    id="n-01J",
    title="home · web01 · run-failed",
    text="claude failed on web01 <!channel> @everyone [x](http://evil) & *bold*",
    severity="error",
    event="run-failed",
    source="web01",
    fleet="a1b2c3",
    hops=1,
)


@pytest.fixture
def services() -> Iterator[Services]:
    with serve() as running:
        yield running


@pytest.fixture
async def carrier() -> AsyncIterator[Carrier]:
    made = Carrier(KeyRing({}))
    yield made
    await made.close()


def route(kind: RouteKind, services: Services) -> Route:
    is_pushover = kind == "pushover"
    return Route(
        kind,
        kind,
        url=Secret(services.url + PATHS.get(kind, f"/{kind}/hook")),
        token=Secret(PUSHOVER_TOKEN if is_pushover else TOKEN),
        user=Secret(PUSHOVER_USER if is_pushover else None),
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_a_message_is_accepted(kind: RouteKind, services: Services, carrier: Carrier) -> None:
    answer = await carrier.send(route(kind, services), MESSAGE)
    assert answer.state == "accepted", answer.text
    assert len(services.got) == 1


QUESTION = "question-r-01JABCDEFGHJKMNPQRSTVWXYZ0-toolu_01AbCdEfGhIjKlMnOpQrStUv"
IDS = (QUESTION + "a", QUESTION + "b", "managed/sesn_1", "managed_sesn_1", "n-01J.2", "in-é,x")


@pytest.mark.parametrize(("kind", "name"), [("ntfy", "sequence_id"), ("discord", "nonce")])
async def test_an_id_fits_the_service_and_is_still_the_messages_own(
    kind: RouteKind, name: str, services: Services, carrier: Carrier
) -> None:
    for identifier in (*IDS, *IDS):
        answer = await carrier.send(route(kind, services), replace(MESSAGE, id=identifier))
        assert answer.state == "accepted", answer.text
    sent = [body[name] for body in services.bodies()]
    assert sent[: len(IDS)] == sent[len(IDS) :]
    assert len(set(sent)) == len(IDS)
    if kind == "ntfy":
        assert [got.headers["x-sequence-id"] for got in services.got] == sent


async def test_ntfy_gets_topic_priority_and_its_buttons(
    services: Services, carrier: Carrier
) -> None:
    buttons = (Button("Allow", "https://ntfy.example/reply", '{"d":"allow"}'),)
    await carrier.send(route("ntfy", services), replace(MESSAGE, buttons=buttons))
    [body] = services.bodies()
    assert services.got[0].path == "/ntfy/"
    assert (body["topic"], body["priority"], body["sequence_id"]) == ("alerts", 5, "n-01J")
    assert "fleet-a1b2c3" in body["tags"]
    assert body["actions"][0]["action"] == "http"
    assert body["actions"][0]["body"] == '{"d":"allow"}'


async def test_pushover_pages_for_an_error_and_its_receipt_proves_a_person(
    services: Services, carrier: Carrier
) -> None:
    way = route("pushover", services)
    answer = await carrier.send(way, MESSAGE)
    assert answer.receipt == RECEIPT
    assert services.got[0].form["priority"] == "2"
    assert await carrier.seen(way, RECEIPT) is None
    services.acknowledged = True
    assert await carrier.seen(way, RECEIPT) == (True, "acknowledged on phone")
    assert services.got[-1].path == f"/pushover/1/receipts/{RECEIPT}.json"
    quiet = await carrier.send(way, replace(MESSAGE, severity="info"))
    assert (quiet.state, quiet.receipt) == ("accepted", "")


async def test_nobody_is_mentioned_and_nothing_is_markup(
    services: Services, carrier: Carrier
) -> None:
    for kind in ("slack", "discord", "teams"):
        await carrier.send(route(kind, services), MESSAGE)
    slack, discord, teams = services.bodies()
    assert "<!channel>" not in slack["text"]
    assert "&lt;!channel&gt;" in slack["text"]
    assert {block["text"]["type"] for block in slack["blocks"][:2]} == {"plain_text"}
    assert r"\@everyone" in discord["embeds"][0]["description"]
    assert r"\[x\]\(http" in discord["embeds"][0]["description"]
    inlines = teams["attachments"][0]["content"]["body"][1]
    assert inlines["type"] == "RichTextBlock"
    assert inlines["inlines"][0]["text"] == MESSAGE.text


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_too_long_is_cut_to_what_the_service_takes(
    kind: RouteKind, services: Services, carrier: Carrier
) -> None:
    long = replace(MESSAGE, title="ä" * 3000, text="ö<&" * 30_000)
    if kind in {"webhook", "ntfy"}:
        long = replace(long, text="ö" * 3000)
    assert (await carrier.send(route(kind, services), long)).state == "accepted"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_server_in_trouble_is_asked_again(
    kind: RouteKind, status: int, services: Services, carrier: Carrier
) -> None:
    services.plan.put(Reply(status, b"<html>oops</html>"))
    assert (await carrier.send(route(kind, services), MESSAGE)).state == "again"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
async def test_what_is_refused_is_not_sent_again(
    kind: RouteKind, status: int, services: Services, carrier: Carrier
) -> None:
    services.plan.put(Reply(status, {"message": "no", "error": "no", "errors": ["no"]}))
    answer = await carrier.send(route(kind, services), MESSAGE)
    assert answer.state == "refused"
    assert str(status) in answer.text


@pytest.mark.parametrize("kind", KINDS)
async def test_429_is_waited_for_in_both_forms(
    kind: RouteKind, services: Services, carrier: Carrier
) -> None:
    services.plan.put(Reply(429, b"", {"Retry-After": "7"}))
    first = await carrier.send(route(kind, services), MESSAGE)
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    services.plan.put(Reply(429, b"<html>", {"Retry-After": later}))
    second = await carrier.send(route(kind, services), MESSAGE)
    assert (first.state, first.retry_after) == ("again", 7.0)
    assert second.retry_after is not None
    assert 30 < second.retry_after <= 90


async def test_discord_says_fractions_of_seconds(services: Services, carrier: Carrier) -> None:
    limited = {"message": "You are being rate limited.", "retry_after": 0.65, "global": False}
    services.plan.put(Reply(429, limited))
    assert (await carrier.send(route("discord", services), MESSAGE)).retry_after == 0.65
    services.plan.put(Reply(429, b"", {"X-RateLimit-Reset-After": "1.5"}))
    assert (await carrier.send(route("discord", services), MESSAGE)).retry_after == 1.5


@pytest.mark.parametrize(
    "value", ["soon", "", "-5", "nan", "1e99", "Wed, 32 Foo 2026 00:00:00 GMT"]
)
def test_a_retry_after_that_makes_no_sense_is_bounded(value: str) -> None:
    found = retry_after(Response(429, b"", {"retry-after": value}))
    assert found is None or 0 <= found <= MAX_WAIT


async def test_a_200_that_says_it_failed_has_failed(services: Services, carrier: Carrier) -> None:
    services.plan.put(Reply(200, {"status": 0, "errors": ["user is over quota"]}))
    assert (await carrier.send(route("pushover", services), MESSAGE)).state == "refused"
    services.plan.put(Reply(202, {"error": {"code": "ActionFailed"}}))
    assert (await carrier.send(route("teams", services), MESSAGE)).state == "refused"


async def test_teams_202_is_not_called_delivery(services: Services, carrier: Carrier) -> None:
    answer = await carrier.send(route("teams", services), MESSAGE)
    assert "may still fail" in answer.text


async def test_a_service_that_hangs_is_asked_again(
    services: Services, carrier: Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "TIMEOUT", 0.2)
    services.plan.put(Reply(hangs=True))
    answer = await carrier.send(route("webhook", services), MESSAGE)
    assert (answer.state, answer.text) == ("again", "no answer in 0 s")


async def test_an_address_that_is_none_and_one_that_is_closed(carrier: Carrier) -> None:
    nowhere = Route("x", "webhook", url=Secret("file:///etc/passwd"))
    assert (await carrier.send(nowhere, MESSAGE)).state == "refused"
    with serve() as services:
        url = services.url
    closed = Route("x", "webhook", url=Secret(f"{url}/secret-path?sig=abc"))
    answer = await carrier.send(closed, MESSAGE)
    assert answer.state == "again"
    assert "secret-path" not in answer.text


async def test_a_missing_secret_is_named_by_its_variable(services: Services) -> None:
    carrier = Carrier(KeyRing({"HOOK": services.url + "/hook"}))
    missing = Route("x", "webhook", url=Secret(env="NO_SUCH_VARIABLE"))
    answer = await carrier.send(missing, MESSAGE)
    assert (answer.state, "NO_SUCH_VARIABLE is not set" in answer.text) == ("refused", True)
    printed = Route("y", "webhook", url=Secret(env="HOOK"), token=Secret(command="echo s3cret"))
    assert (await carrier.send(printed, MESSAGE)).state == "accepted"
    assert services.got[-1].headers["authorization"] == "Bearer s3cret"
    failing = Route("z", "webhook", url=Secret(command="echo oops >&2; false"))
    told = await carrier.send(failing, MESSAGE)
    assert told.state == "refused"
    assert "oops" not in told.text
    await carrier.close()


def test_a_webhook_carries_an_idempotency_key(services: Services) -> None:
    from fleet_tui.notify.services import webhook

    class Keys:
        url, token, user = "http://127.0.0.1/x", "", ""

    made = webhook.request(MESSAGE, Keys())
    body: dict[str, Any] = json.loads(made.body)
    assert made.headers["idempotency-key"] == body["id"] == MESSAGE.id
    assert made.headers["x-fleet-origin"] == "a1b2c3/1"
