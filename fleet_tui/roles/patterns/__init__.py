"""Network patterns: who writes what, how others learn of it, and what breaks."""
