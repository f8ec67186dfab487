"""`drag-edge doctor`: what of this machine works, what does not, what to do."""
