"""`python -m tests.faults`: break contact again and again, and compare every byte.

`python -m tests.faults queue` does the same to workers of the task queue.
With `--outages 5,60` the interface of a network namespace is also taken down for so many seconds
(Linux, as root).

`python -m tests.faults promotion --pairs 1000` lets pairs of machines promote themselves at once;
`python -m tests.faults peers --messages 10000` kills sessions while messages are sent to them;
`python -m tests.faults notices --rounds 200` kills the sender of notices.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from tests.faults import peer_rounds, queue_rounds
from tests.faults.kinds import CLIENT, FAULTS, INTERFACE, own_network
from tests.faults.notices import main as notices
from tests.faults.promotions import promotions
from tests.faults.rounds import RoundResult, play
from tests.support.durable_site import site_at

_IN_NAMESPACE = "--in-namespace"


def main() -> None:
    """Play the rounds and print what they showed; exit 1 when a byte differs."""
    if sys.argv[1:2] == ["queue"]:
        sys.exit(queue_rounds.main(sys.argv[2:]))
    if sys.argv[1:2] == ["peers"]:
        sys.exit(peer_rounds.main(sys.argv[2:]))
    if sys.argv[1:2] == ["promotion"]:
        sys.exit(asyncio.run(promotions(sys.argv[2:])))
    if sys.argv[1:2] == ["notices"]:
        sys.exit(notices(sys.argv[2:]))
    options = _options()
    if options.outages and not options.in_namespace:
        inside = own_network([sys.executable, "-m", "tests.faults", *sys.argv[1:], _IN_NAMESPACE])
        if inside is None:
            _say("no network namespace of our own is allowed here: outages are left out")
            options.outages = []
        else:
            raise SystemExit(asyncio.run(_relayed(inside)))
    results = asyncio.run(_play_all(options))
    sys.exit(_summary(results))


async def _relayed(command: list[str]) -> int:
    process = await asyncio.create_subprocess_exec(*command)
    return await process.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    every = [*FAULTS, CLIENT]
    parser.add_argument("--kinds", type=lambda text: text.split(","), default=every)
    parser.add_argument(
        "--outages", type=lambda text: [float(word) for word in text.split(",")], default=[]
    )
    parser.add_argument(_IN_NAMESPACE, action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


async def _play_all(options: argparse.Namespace) -> list[RoundResult]:
    results = []
    _say(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="fleet-faults-") as folder:
        async with site_at(Path(folder), keepalive=0.5) as site:
            for number in range(options.rounds):
                kind = options.kinds[number % len(options.kinds)]
                result = await play(site, kind, options.seed + number)
                results.append(result)
                _say(f"{number + 1:4} {_line(result)}")
            for number, seconds in enumerate(options.outages):
                result = await play(site, INTERFACE, options.seed - number, outage=seconds)
                results.append(result)
                _say(f"{seconds:g} s {_line(result)}")
    return results


def _summary(results: list[RoundResult]) -> int:
    kinds: dict[str, list[RoundResult]] = defaultdict(list)
    for result in results:
        kinds[result.kind].append(result)
    heads = ("rounds", "cuts", "follows", "bytes compared", "differences")
    _say(f"{'kind':22}{heads[0]:>8}{heads[1]:>8}{heads[2]:>9}{heads[3]:>16}{heads[4]:>13}")
    for kind, played in [*kinds.items(), ("all", results)]:
        _say(
            f"{kind:22}{len(played):8}{sum(one.faults for one in played):8}"
            f"{sum(one.follows for one in played):9}{sum(one.compared for one in played):16,}"
            f"{sum(len(one.differences) for one in played):13}"
        )
    wrong = [text for result in results for text in result.differences]
    for text in wrong:
        _say(text)
    return 1 if wrong else 0


def _line(result: RoundResult) -> str:
    verdict = "; ".join(result.differences) or "same"
    return (
        f"{result.kind:22} {result.faults} cuts, followed {result.follows} times, "
        f"{result.compared:,} bytes: {verdict}"
    )


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
