"""A past hour of a fleet, shown again from its log and its spools; connects to nothing."""
