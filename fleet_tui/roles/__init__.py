"""Who is primary: the mirror of the agent home, promotion, and the fence that keeps one leader."""
