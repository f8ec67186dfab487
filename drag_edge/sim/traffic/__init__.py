"""Everybody but the ego."""
