"""A host you can run commands on: local process, SSH connection, pool, files, forwards."""
