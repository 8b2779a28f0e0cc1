"""Carries one message to one service, and says what became of it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line
from fleet_tui.notify.message import Request, Response, ServiceAnswer
from fleet_tui.notify.services import SERVICES, pushover

if TYPE_CHECKING:
    import httpx

    from fleet_tui.notify.keys import KeyRing
    from fleet_tui.notify.message import Message
    from fleet_tui.notify.settings import Route

TIMEOUT = 10.0
MAX_ANSWER = 64 << 10
LOCAL_TIMEOUT = 5.0


class Carrier:
    """Makes the requests; one HTTP client for all routes, opened when it is first needed."""

    def __init__(self, keys: KeyRing) -> None:
        self.keys = keys
        self._client: httpx.AsyncClient | None = None

    async def send(self, route: Route, message: Message) -> ServiceAnswer:
        """Send `message` on `route`; never raises for what a service or the network does."""
        try:
            keys = await self.keys.of(route)
            if route.kind == "local":
                return await _show_here(message)
            if route.kind == "apprise":
                return await _apprise(keys.url, message)
            service = SERVICES[route.kind]
            answer = service.answer(await self.ask(service.request(message, keys)))
        except FleetError as error:
            self.keys.forget(route)
            return ServiceAnswer("refused", str(error))
        except OSError as error:
            return ServiceAnswer("again", one_line(str(error) or type(error).__name__))
        if answer.state == "refused":
            self.keys.forget(route)  # it may be a token that was renewed meanwhile
        return answer

    async def seen(self, route: Route, receipt: str) -> tuple[bool, str] | None:
        """Ask whether a person has seen an emergency; None while that is open or unknown."""
        try:
            keys = await self.keys.of(route)
            response = await self.ask(pushover.receipt_request(receipt, keys))
        except (FleetError, OSError):
            return None
        return pushover.seen(response) if response.status == 200 else None

    async def close(self) -> None:
        """Close the client's connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def ask(self, request: Request) -> Response:
        """Make a request; raises OSError for everything the network does to it."""
        import httpx

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)
        try:
            async with self._client.stream(
                request.method,
                request.url,
                content=request.body,
                headers={**request.headers, "user-agent": "fleet-tui"},
            ) as response:
                body = b""
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        break
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Its text may hold the address, which is a secret of some services.
            raise OSError(_kind(error)) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(response.status_code, body[:MAX_ANSWER], headers)


def _kind(error: Exception) -> str:
    names = {
        "ConnectError": "no connection to the service",
        "ConnectTimeout": f"no connection to the service in {TIMEOUT:.0f} s",
        "ReadTimeout": f"no answer in {TIMEOUT:.0f} s",
        "WriteTimeout": f"the service took nothing for {TIMEOUT:.0f} s",
        "RemoteProtocolError": "the service closed the connection without an answer",
    }
    name = type(error).__name__
    return names.get(name, f"the request failed ({name})")


async def _show_here(message: Message) -> ServiceAnswer:
    """Show a desktop notification with the program that this system has for it."""
    argv = _desktop_argv(message)
    if argv is None:
        return ServiceAnswer("refused", "no program for desktop notifications is installed here")
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, stderr = await asyncio.wait_for(process.communicate(), LOCAL_TIMEOUT)
    except TimeoutError:
        process.kill()
        await process.wait()
        return ServiceAnswer("again", f"{argv[0]} did not end in {LOCAL_TIMEOUT:.0f} s")
    if process.returncode:
        said = one_line(stderr.decode("utf-8", "replace"), 100)
        return ServiceAnswer("refused", f"{argv[0]}: {said or process.returncode}")
    return ServiceAnswer("accepted", f"handed to {argv[0]}")


def _desktop_argv(message: Message) -> list[str] | None:
    """Return the command; texts are arguments of their own, never part of a program."""
    if sys.platform == "darwin" and shutil.which("osascript"):
        shown = "display notification (item 2 of argv) with title (item 1 of argv)"
        script = f"on run argv\n{shown}\nend run"
        return ["osascript", "-e", script, message.title, message.text]
    if shutil.which("notify-send"):
        urgency = {"info": "low", "warning": "normal", "error": "critical"}[message.severity]
        return ["notify-send", "-u", urgency, "-a", "fleet-tui", "--", message.title, message.text]
    return None


async def _apprise(url: str, message: Message) -> ServiceAnswer:
    """Hand the message to Apprise, which knows a hundred more services; its say is yes or no."""
    try:
        import apprise
    except ImportError:
        raise FleetError(
            "Apprise is not installed", mend="pip install 'fleet-tui[notify]'"
        ) from None
    kinds = {"info": "info", "warning": "warning", "error": "failure"}
    teller = apprise.Apprise()
    if not teller.add(url):
        raise FleetError("Apprise does not know this kind of address")
    said = await teller.async_notify(
        body=message.text, title=message.title, notify_type=kinds[message.severity]
    )
    if said:
        return ServiceAnswer("accepted", "Apprise says it was sent")
    return ServiceAnswer("again", "Apprise could not send it")
