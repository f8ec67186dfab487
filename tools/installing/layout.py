"""Where everything goes."""

from __future__ import annotations

HOME = "/opt/drag-edge"
VENV = f"{HOME}/venv"
SHARE = f"{HOME}/share"
RECORD = f"{HOME}/installed.json"
PROGRAM = "/usr/local/bin/drag-edge"
SETTINGS = "/etc/drag-edge"
SETTINGS_FILE = f"{SETTINGS}/drag-edge.yaml"
UNIT = "/etc/systemd/system/drag-edge.service"
DROP_INS = f"{UNIT}.d"
DESKTOP = f"{DROP_INS}/desktop.conf"
AUTOSTART = "/etc/xdg/autostart/drag-edge-overlay.desktop"
UDEV_RULES = "/etc/udev/rules.d/70-drag-edge.rules"
NETWORKS = "/etc/systemd/network"
CAN_MODULE = "/etc/systemd/system/drag-edge-can.service"
STATE = "/var/lib/drag-edge"
CACHE = "/var/cache/drag-edge"
LOGS = "/var/log/drag-edge"
USER = "drag-edge"
# Cameras, serial adapters, GPU: those of them that this system has.
GROUPS = ("video", "dialout", "render")
# Folders of a checkout that the installed service needs beside the package.
SHARED = ("configs", "docs", "engines/demo", "systemd", "tools/installing")
SHARED_FILES = (
    "tools/install",
    "tools/constraints-jetpack.txt",
    "drag_edge/sim/vehicle.dbc",
    "LICENSE",
    "README.md",
)


def network_file(interface: str) -> str:
    """systemd-networkd's file of a CAN interface."""
    return f"{NETWORKS}/80-drag-edge-{interface}.network"
