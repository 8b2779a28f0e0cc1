"""Futures that are there already."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def done(value: T) -> Future[T]:
    """Return a future that has its answer."""
    future: Future[T] = Future()
    future.set_result(value)
    return future


def refused(error: Exception) -> Future[T]:
    """Return a future that has failed."""
    future: Future[T] = Future()
    future.set_exception(error)
    return future
