"""Cross-host MCP: the declared servers, the way to each, and whether it answers."""
