"""Threads that move: transcripts, hand-off to another host, hand-off documents, exports."""
