"""A fleet for the demo to imitate, so that its tests do not depend on the sample file."""

from __future__ import annotations

from fleet_tui.model.config import FleetConfig
from fleet_tui.model.host import Host

LIKE = FleetConfig(
    name="mine",
    hosts=(
        Host("desk", connection="local", roles=frozenset({"primary"}), user="ana"),
        Host("laptop", user="ana", roles=frozenset({"secondary"})),
        Host("droplet", address="203.0.113.7", user="root", workdir="~/srv/orders"),
        Host("web01", groups=("web",), via="droplet", address="10.0.0.1"),
        Host("web02", groups=("web",)),
        Host("web03", groups=("web",), via="droplet", key="~/.ssh/work"),
        Host("nas01", verify_command="cat /etc/version", verify_expect="DSM 7.2"),
        Host("cloud-runner"),
        Host("desk-win", shell="powershell", agent="codex"),
        Host("box", agent_paths={"claude": "~/bin/claude"}),
    ),
    sections={"notify": [{"kind": "ntfy", "url": "https://ntfy.example"}]},
)
