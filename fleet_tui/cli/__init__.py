"""The fleet without a screen; one file per command group."""
