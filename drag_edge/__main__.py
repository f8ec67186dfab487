"""python -m drag_edge."""

import sys

from drag_edge.cli import main

sys.exit(main())
