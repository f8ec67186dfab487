"""tools/install, tried without a computer to install on."""

import sys
from pathlib import Path

# The installer is no package of ours: it runs before anything is installed.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "tools"))
