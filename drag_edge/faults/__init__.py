"""Faults on purpose: wrappers of cameras, networks, the loop and the bus, for tests and people."""
