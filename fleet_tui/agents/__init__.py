"""How to drive claude, codex and a plain shell: a command line out, typed events in."""
