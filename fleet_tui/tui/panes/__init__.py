"""The five panes of the first screen."""
