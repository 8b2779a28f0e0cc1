"""Signs of life of hosts: what a machine is, and which agents it has."""
