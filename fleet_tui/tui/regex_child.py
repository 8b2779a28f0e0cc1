"""The process that runs an operator's regular expressions: it may be ended, a thread may not.

Reads a JSON object a line (`pattern`, `texts`), writes one: `found` is a list of
`[position of the text, [[start, end], …]]`, or `error` says what is wrong with the pattern. Imports
nothing of ours, and may use `LIMIT` seconds of processor time a line before the kernel ends it.
"""

import json
import re
import signal
import sys

LIMIT = 0.25
MOST_SPANS = 50
MOST_TEXT = 20_000


def answer(pattern: str, texts: list[str]) -> dict[str, object]:
    """Return what of `texts` matches, and where."""
    try:
        wanted = re.compile(pattern, 0 if pattern != pattern.lower() else re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        return {"error": str(error)}
    found: list[tuple[int, list[tuple[int, int]]]] = []
    for position, text in enumerate(texts):
        spans: list[tuple[int, int]] = []
        for match in wanted.finditer(text[:MOST_TEXT]):
            spans.append(match.span())
            if len(spans) >= MOST_SPANS:
                break
        if spans:
            found.append((position, spans))
    return {"found": found}


def main() -> None:
    """Answer until the input ends."""
    limits = hasattr(signal, "setitimer")
    if limits:
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        if limits:
            signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT)
        told = json.dumps(answer(asked["pattern"], asked["texts"]))
        if limits:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        sys.stdout.write(told + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
