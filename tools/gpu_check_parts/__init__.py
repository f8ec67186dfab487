"""The lines of `tools/gpu_check.py`, one module each, and what they share."""
