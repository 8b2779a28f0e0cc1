"""The picture of routes, deliveries and ways in, as the screen is given it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from fleet_tui.model.routes_view import (
    DeliveryView,
    NoticeProof,
    RoutesView,
    RouteView,
    WayView,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.notice import Notice
    from fleet_tui.notify.incoming.service import Ways
    from fleet_tui.notify.incoming.subscription import Subscription
    from fleet_tui.notify.outbox import Delivery, Outbox
    from fleet_tui.notify.phone_desk import PhoneDesk
    from fleet_tui.notify.settings import Route


def routes_view(
    outbox: Outbox,
    routes: Mapping[str, Route],
    failing: Mapping[str, str],
    ways: tuple[WayView, ...],
    earlier: tuple[Notice, ...],
    now: float,
) -> RoutesView:
    """Return what is known; reads the outbox, so not for the core's loop."""
    proofs: dict[str, NoticeProof] = {}
    by_route: dict[str, list[Delivery]] = defaultdict(list)
    acknowledged = outbox.acknowledged_by()
    for notice, acked_at, deliveries in outbox.recent():
        for delivery in deliveries:
            by_route[delivery.route].append(delivery)
        shown = tuple(_delivery_view(delivery) for delivery in deliveries)
        proofs[notice.id] = NoticeProof(shown, acked_at, acknowledged.get(notice.id, ""))
    views = tuple(
        _route_view(route, by_route[name], name in failing) for name, route in routes.items()
    )
    return RoutesView(views, proofs, outbox.mutes(now), ways, earlier)


def ways_of(ways: Ways, phone: PhoneDesk) -> tuple[WayView, ...]:
    """Return how the ways in stand."""
    found = [_topic("follow", name, one) for name, one in ways.followed.items()]
    found += [_topic("reply", name, one) for name, one in phone.replies.items()]
    if ways.entrance is not None and ways.settings is not None:
        found += [
            WayView(
                "receiver",
                host,
                host in ways.entrance.reached,
                ways.entrance.problems.get(host, ""),
            )
            for host in ways.settings.hosts
        ]
    return tuple(found)


def _topic(kind: str, name: str, one: Subscription) -> WayView:
    return WayView(kind, name, one.is_open, one.problem)


def _delivery_view(delivery: Delivery) -> DeliveryView:
    return DeliveryView(
        delivery.route,
        delivery.state,
        delivery.since,
        delivery.attempts,
        delivery.answer,
        delivery.due if delivery.state == "queued" else None,
    )


def _route_view(route: Route, deliveries: Sequence[Delivery], is_failing: bool) -> RouteView:
    tried = sorted((one for one in deliveries if one.answer), key=lambda one: one.since)
    accepted = [one.since for one in deliveries if one.state in {"accepted", "seen"}]
    return RouteView(
        route.name,
        route.kind,
        queued=sum(one.state in {"queued", "sent"} for one in deliveries),
        failed=sum(one.state == "failed" for one in deliveries),
        accepted_at=max(accepted, default=None),
        last=tried[-1].answer if tried else "",
        is_failing=is_failing,
    )
