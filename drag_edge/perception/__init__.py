"""Pixels to metres: from what the networks saw to a Scene."""
