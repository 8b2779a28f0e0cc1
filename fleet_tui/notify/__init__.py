"""Notices: which events a person should know of, and where they are told."""

from __future__ import annotations

from fleet_tui.notify.watch import NoticeWatch

__all__ = ["NoticeWatch"]
