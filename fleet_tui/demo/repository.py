"""The small repository that every demo host has in its workdir: a shop's order service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality

CART = '''"""Shopping carts."""

from dataclasses import dataclass, field


@dataclass
class Line:
    sku: str
    price: float
    quantity: int = 1


@dataclass
class Cart:
    lines: list[Line] = field(default_factory=list)
    discount: float = 0.0

    def total(self) -> float:
        gross = sum(line.price * line.quantity for line in self.lines)
        return round(gross * (1 - self.discount), 2)
'''

TEST_CART = """from decimal import Decimal

from orders.cart import Cart, Line


def test_discounted_total_is_exact():
    cart = Cart([Line("mug", 5.35)], discount=0.5)
    assert Decimal(str(cart.total())) == Decimal("2.68")
"""

PYPROJECT = """[project]
name = "orders"
version = "2.4.0"
requires-python = ">=3.11"
dependencies = [
  "flask==3.0.3",
  "requests==2.31.0",
  "sqlalchemy==2.0.36",
  "jinja2==3.1.4",
]
"""

README = """# orders

Takes orders, keeps carts, sends receipts. `make run` starts it on port 8080.

- `src/orders/api.py`   HTTP routes
- `src/orders/cart.py`  carts and totals
- `src/orders/db.py`    SQLAlchemy models
- `ops/report.json`     what the host says of itself, every five minutes
"""

API = '''"""HTTP routes."""

from flask import Flask, jsonify, request

from orders.cart import Cart, Line

app = Flask(__name__)


@app.post("/cart/total")
def total():
    lines = [Line(**line) for line in request.get_json()["lines"]]
    return jsonify(total=Cart(lines).total())


@app.get("/healthz")
def healthz():
    return jsonify(ok=True)
'''

LOG = """2026-11-20T06:02:11Z INFO  orders.api  POST /cart/total 200 12ms
2026-11-20T06:02:14Z WARN  orders.db   pool exhausted, waited 1.8s (size=5 overflow=0)
2026-11-20T06:02:14Z INFO  orders.api  POST /cart/total 200 1841ms
2026-11-20T06:03:40Z ERROR orders.mail receipt 88121: SMTP 421 too many connections
2026-11-20T06:03:41Z ERROR orders.mail receipt 88122: SMTP 421 too many connections
2026-11-20T06:05:02Z WARN  orders.db   pool exhausted, waited 2.2s (size=5 overflow=0)
2026-11-20T06:05:09Z ERROR orders.mail receipt 88125: SMTP 421 too many connections
2026-11-20T06:09:30Z INFO  orders.mail 3 receipts re-sent
"""

COMMITS = (
    ("9f31c07", "Send receipts from a queue instead of the request"),
    ("4be2a90", "Raise the test timeout for the slow runner"),
    ("c0d81e5", "Pin sqlalchemy to 2.0.36"),
    ("77aa1f2", "Show the discount on the receipt"),
    ("1d6e9b4", "Add /healthz"),
    ("e02f5c8", "Import the order service"),
)

TEST_RUN = """============================= test session starts ==============================
collected 48 items

tests/test_api.py ..............                                         [ 29%]
tests/test_cart.py .......F.......                                       [ 60%]
tests/test_db.py ...................                                     [100%]

=================================== FAILURES ===================================
________________________ test_discounted_total_is_exact ________________________
E       AssertionError: assert Decimal('2.67') == Decimal('2.68')
tests/test_cart.py:8: AssertionError
========================= 1 failed, 47 passed in 2.31s =========================
"""

TEST_RUN_GREEN = """............................................... [ 97%]
.                                               [100%]
48 passed in 2.27s
"""

LAST_FAILED = '{\n  "tests/test_cart.py::test_discounted_total_is_exact": true\n}\n'


def report(host: Personality) -> str:
    """Return the status file that a timer writes on the host."""
    state = "ok" if host.is_healthy else "degraded"
    fields = {
        "service": "orders",
        "state": state,
        "checks": {"http": "ok", "database": "ok", "mail": "ok" if host.is_healthy else "failing"},
        "disk_used_percent": host.disk_percent,
        "os": host.release,
    }
    return json.dumps(fields, indent=2) + "\n"


def files(host: Personality) -> dict[str, str]:
    """Return the repository's files: path relative to the workdir, and content."""
    return {
        "README.md": README,
        "pyproject.toml": PYPROJECT,
        "src/orders/api.py": API,
        "src/orders/cart.py": CART,
        "tests/test_cart.py": TEST_CART,
        "ops/report.json": report(host),
        "var/orders.log": LOG,
        ".pytest_cache/v/cache/lastfailed": LAST_FAILED,
    }


def numbered(text: str) -> str:
    """Return `text` the way the Read tool shows a file: line number, arrow, line."""
    lines = text.splitlines()
    return "\n".join(f"{number:>6}→{line}" for number, line in enumerate(lines, 1))
