"""What the service refuses, and what the way to it loses, as errors of ours.

Facts of the SDK: an `APIStatusError` has `status_code`, `response.headers`, `type` and
`api_message`; an `APIConnectionError` has the transport's error as its cause. A 429 with
`retry-after` was not carried out; one without it is a spend limit, which waiting does not mend.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind = Literal[
    "auth", "billing", "forbidden", "gone", "usage", "limit", "slow", "busy", "network", "other"
]
"""`slow` asks to come again later; `limit` is a spend limit; `busy` is trouble of the service."""

NEVER_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "UnsupportedProtocol"})
"""The transport's errors from before a byte has left."""
UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)
"""What the SDK raises for an answer that is not of the form it knows, besides errors of its own."""
MOST_PATIENCE = 60.0
"""Seconds; who asks for more is told no."""

_BY_STATUS: dict[int, Kind] = {
    400: "usage",
    401: "auth",
    402: "billing",
    403: "forbidden",
    404: "gone",
    413: "usage",
    422: "usage",
}
_MENDS: dict[Kind, str] = {
    "auth": "see that the key of [managed] is right, and still valid",
    "billing": "see billing in the console",
    "forbidden": "give the key's workspace the right to managed agents",
    "gone": "see agent and environment in [managed], and the session's id",
    "limit": "raise the spend limit in the console, or wait for its next period",
    "slow": "wait a minute",
    "busy": "try again later",
    "network": "see the network, and base_url in [managed]",
}


class CloudError(FleetError):
    """What the service said, or that it could not be heard."""

    def __init__(
        self,
        what: str,
        *,
        kind: Kind,
        retry_after: float | None = None,
        is_unsure: bool = False,
        mend: str | None = None,
    ) -> None:
        super().__init__(what, where="cloud", mend=mend or _MENDS.get(kind))
        self.kind: Kind = kind
        self.retry_after = retry_after
        """Seconds after which it may be asked again."""
        self.is_unsure = is_unsure
        """True when what was asked may have been done all the same."""

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """4 when the service was not heard, 3 when it refused for money, else 1."""
        return {"network": 4, "busy": 4, "limit": 3, "billing": 3}.get(self.kind, 1)


@contextmanager
def translated(sdk: Any) -> Iterator[None]:
    """Raise CloudError for what the SDK raises."""
    try:
        yield
    except sdk.APIStatusError as error:
        raise _refused(error) from None
    except sdk.APIConnectionError as error:
        raise _lost(error) from None
    except sdk.AnthropicError as error:
        raise CloudError(one_line(f"the SDK: {error}", 300), kind="other") from None
    except UNREADABLE as error:
        what = f"it answered what cannot be read ({type(error).__name__}: {error})"
        raise CloudError(one_line(what, 300), kind="other", is_unsure=True) from None


def lost(error: BaseException) -> CloudError:
    """Return the error for a connection that broke while an answer was being read."""
    return CloudError(
        f"the connection broke ({type(error).__name__})", kind="network", is_unsure=True
    )


def _refused(error: Any) -> CloudError:
    status = int(error.status_code)
    said = one_line(str(getattr(error, "api_message", None) or _message(error.body) or ""), 300)
    said = f": {said}" if said else ""
    kind = _BY_STATUS.get(status, "other")
    retry_after = None
    if status == 429:
        retry_after = _seconds(error.response.headers)
        kind = "limit" if retry_after is None else "slow"
    elif status in (408, 409) or status >= 500:
        kind = "busy"
    return CloudError(
        f"it answered {status}{said}",
        kind=kind,
        retry_after=retry_after,
        is_unsure=status in (408, 409) or status >= 500,
    )


def _message(body: object) -> str:
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        return str(body["error"].get("message", ""))
    return ""


def _lost(error: Any) -> CloudError:
    cause = type(error.__cause__).__name__ if error.__cause__ is not None else "no answer"
    return CloudError(
        f"it cannot be reached ({cause})", kind="network", is_unsure=cause not in NEVER_SENT
    )


def _seconds(headers: Mapping[str, str]) -> float | None:
    """Return how long to wait, as `retry-after-ms` or `retry-after` in seconds says."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):
            continue
    return None
