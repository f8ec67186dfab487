"""Trains the demo models on rendered scenes; needs torch and ultralytics, the daemon does not."""
