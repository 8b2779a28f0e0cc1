"""From a request to the hosts it may run on, or to the reason why not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.dispatch.costs import worst_case_words
from fleet_tui.dispatch.gate import Refusal, refusal
from fleet_tui.dispatch.plan import case_of, choose_agent, choose_budget, choose_mode
from fleet_tui.model.errors import FleetError, Refused, UsageError
from fleet_tui.model.request import Preview
from fleet_tui.model.target import fold, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet_tui.dispatch.gate import Standing
    from fleet_tui.dispatch.plan import Grants
    from fleet_tui.dispatch.spending import Spending, Spent
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.model.request import DispatchRequest
    from fleet_tui.model.run import AgentName, Mode


def _leads(_request: DispatchRequest, _hosts: tuple[str, ...]) -> Standing:
    """Say that this machine may act: for a fleet in which nobody asks."""
    return "leads"


class Admission:
    """Resolves targets and asks the gate, once for each kind of agent in the target."""

    def __init__(
        self,
        config: FleetConfig,
        spending: Spending,
        *,
        is_read_only: bool = False,
        require_keeping: Callable[[], None] = lambda: None,
        standing: Callable[[DispatchRequest, tuple[str, ...]], Standing] = _leads,
        grants: Grants | None = None,
    ) -> None:
        """Make it; `require_keeping` raises Refused when a dispatch could not be written down."""
        self.config = config
        self.grants = grants
        self._spending = spending
        self._is_read_only = is_read_only
        self._require_keeping = require_keeping
        self._standing = standing

    def admit(self, request: DispatchRequest) -> tuple[Host, ...]:
        """Return the hosts `request` may run on; raises TargetError, UsageError or Refused."""
        if not request.prompt.strip():
            raise UsageError("the prompt is empty", mend="give it after --, or on --stdin")
        hosts = self._hosts(request)
        self._require_keeping()
        is_capped = self.config.budget.usd_per_day is not None
        spent = self._spending.now() if is_capped else self._spending.last_known
        why = self._refusal(request, hosts, spent)
        if why is not None:
            raise Refused(why.what, mend=why.mend)
        return hosts

    def preview(self, request: DispatchRequest) -> Preview:
        """Say what `request` would do; the reason it would not start is in the answer."""
        try:
            hosts = self._hosts(request)
            self._require_keeping()
        except FleetError as error:
            return Preview((), "", problem=str(error))
        names = tuple(host.name for host in hosts)
        kinds = self._kinds(request, hosts)
        agents = {agent for agent, _ in kinds}
        modes = {mode for _, mode in kinds}
        try:
            why = self._refusal(request, hosts, self._spending.last_known)
            problem = "" if why is None else f"{why.what} ({why.mend})"
        except UsageError as error:  # an MCP server that is not declared
            problem = str(error)
        if not problem and not request.prompt.strip():
            problem = "the prompt is empty"
        return Preview(
            hosts=names,
            folded=fold(names),
            agent=agents.pop() if len(agents) == 1 else None,
            mode=modes.pop() if len(modes) == 1 else None,
            problem=problem,
            worst_case_usd=self._worst_case(request, hosts),
            cost=worst_case_words(
                self._budgets(request, hosts), self._left(self._spending.last_known)
            ),
        )

    def _hosts(self, request: DispatchRequest) -> tuple[Host, ...]:
        by_name = {host.name: host for host in self.config.hosts}
        return tuple(by_name[name] for name in resolve(request.target, self.config.hosts))

    def _kinds(
        self, request: DispatchRequest, hosts: tuple[Host, ...]
    ) -> dict[tuple[AgentName, Mode], list[Host]]:
        kinds: dict[tuple[AgentName, Mode], list[Host]] = {}
        for host in hosts:
            agent = choose_agent(request, host, self.config)
            kinds.setdefault((agent, choose_mode(request, agent, self.config)), []).append(host)
        return kinds

    def _worst_case(self, request: DispatchRequest, hosts: tuple[Host, ...]) -> float | None:
        """Return hosts times budget, or None when one of them could cost any amount."""
        budgets = self._budgets(request, hosts)
        return None if None in budgets else sum(budget for budget in budgets if budget)

    def _budgets(self, request: DispatchRequest, hosts: Sequence[Host]) -> list[float | None]:
        """Return the cap of each host's run, None for one that could cost any amount."""
        budgets: list[float | None] = []
        for host in hosts:
            agent = choose_agent(request, host, self.config)
            if agent != "shell":
                budgets.append(choose_budget(request, agent, len(hosts), self.config))
        return budgets

    def _left(self, spent: Spent) -> float | None:
        """Return what remains of the day's cap; None without one."""
        cap = self.config.budget.usd_per_day
        return None if cap is None else cap - spent.usd - spent.reserved_usd

    def _refusal(
        self, request: DispatchRequest, hosts: tuple[Host, ...], spent: Spent
    ) -> Refusal | None:
        left = self._left(spent)
        worst = self._worst_case(request, hosts)
        for (agent, mode), members in self._kinds(request, hosts).items():
            bounded = worst is not None or self._worst_case(request, tuple(members)) is not None
            why = refusal(
                replace(
                    case_of(request, agent, mode, members, self.grants),
                    is_read_only=self._is_read_only,
                    standing=self._standing(request, tuple(host.name for host in hosts)),
                    worst_case_usd=(worst or 0.0) if bounded else None,
                    usd_per_dispatch=self.config.budget.usd_per_dispatch,
                    usd_left_today=left,
                    today_is_complete=spent.is_complete,
                )
            )
            if why is not None:
                return why
        return None
