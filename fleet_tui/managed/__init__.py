"""Sessions in the cloud, through the official SDK."""
