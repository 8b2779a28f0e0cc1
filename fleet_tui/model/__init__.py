"""What things are: hosts, targets, runs, events. Pure: no I/O, no clock, no asyncio."""
