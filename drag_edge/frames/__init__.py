"""Frames and where they come from."""
