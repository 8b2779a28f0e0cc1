"""Agent sessions that see each other: discovery, the broker, messages with proof, the file bus."""
