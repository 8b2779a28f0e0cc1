"""Notices that others send to us: to the receiver, by hooks of agents, on topics that we follow."""
