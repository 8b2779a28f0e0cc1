"""The shared task queue: at-least-once run, exactly-once commit."""
