"""The fleet as an MCP server, for any agent: what it may see, and what it may ask for."""
