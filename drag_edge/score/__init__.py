"""The judge: standards as data, driven closed loop, scored."""
