"""What actions do: thin functions that move the screen or send one intent to the core."""
