"""What every test stands on: the signals of a terminal, even if nohup started the suite."""

from __future__ import annotations

import signal

if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # an ignored signal would be inherited by runs
