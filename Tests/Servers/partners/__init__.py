"""The servers and proxies that the suites run against: one module each, each a context manager on loopback."""
