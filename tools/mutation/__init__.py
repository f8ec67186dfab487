"""A small mutation tool: breaks the code on purpose, one place at a time, and runs its tests."""
