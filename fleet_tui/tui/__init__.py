"""The screen: shows what the core drains to it and sends back what the operator wants."""

from __future__ import annotations
