"""Room for as many sockets as the fleet has hosts."""

from __future__ import annotations

WANTED = 8192


def raise_open_file_limit(wanted: int = WANTED) -> int | None:
    """Raise this process's limit of open files as far as it may; returns it, None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return soft
    target = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft < target:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
        except (ValueError, OSError):
            return soft
    return max(soft, target)
