"""python -m drag_edge."""

from drag_edge.cli import start

start()
