# Sourced by the tools: a virtual environment in .venv with the package in it, ready to use.
#
# What it needs is a Python from 3.10 to 3.13. What else is missing it installs where it may (as
# root, with apt), or names with the one line to run. pip's own configuration decides from where.
# On a Jetson's kernel the environment sees JetPack's OpenCV and TensorRT, and pip leaves them be.
#
#   PYTHON=python3.12 tools/test     to choose the interpreter
#
# shellcheck shell=bash

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv="$root/.venv"
venv_python="$venv/bin/python"
good_version='import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))'
wanted_python="a Python from 3.10 to 3.13"
python_package=python3
pythons=${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10}
venv_options=()
constraints=""
# Exit codes of sysexits.h, as drag-edge itself uses them.
exit_unavailable=69

say() { printf '== %s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit "$exit_unavailable"
}

on_jetson() { [[ $(uname -r) == *tegra* ]]; }

if on_jetson; then
    venv_options=(--system-site-packages)
    constraints="$root/tools/constraints-jetpack.txt"
fi

# From here on the packages of JetPack 6, in an environment of their own: old ones beside which the
# code must work too. Where pip brings OpenCV it is JetPack's version.
use_jetpack6() {
    venv="$root/.venv-jetpack6"
    venv_python="$venv/bin/python"
    good_version='import sys; sys.exit(sys.version_info[:2] != (3, 10))'
    wanted_python="a Python 3.10"
    python_package=python3.10
    pythons="${PYTHON:-} python3.10 $(echo "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*/bin/python3.10)"
    constraints="$root/tools/constraints-jetpack.txt"
}

# The first interpreter of a fitting version.
find_python() {
    local candidate
    for candidate in $pythons; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c "$good_version" >/dev/null 2>&1; then
            command -v "$candidate"
            return
        fi
    done
    fail "$wanted_python is needed, and none of these is one: $pythons" \
        "On Debian or Ubuntu: sudo apt-get install $python_package; where they have no such version," \
        "pyenv has every one. PYTHON names an interpreter of your choice."
}

can_apt() { [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; }

apt_install() {
    say "apt-get install $*"
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" \
        >/dev/null 2>&1 && return
    apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has_venv() { [ -x "$venv_python" ] && "$venv_python" -c "$good_version" >/dev/null 2>&1; }

has_pip() { "$1" -m pip --version >/dev/null 2>&1; }

# Debian keeps ensurepip in a package of its own; a pip that is already there can stand in for it.
make_venv() {
    local python=$1 site
    if has_venv && has_pip "$venv_python"; then
        return
    fi
    say "virtual environment in ${venv##*/} with $("$python" --version)"
    rm -rf "$venv"
    if "$python" -c 'import ensurepip' >/dev/null 2>&1 &&
        "$python" -m venv "${venv_options[@]}" "$venv"; then
        return
    fi
    rm -rf "$venv"
    if has_pip "$python" && "$python" -m venv "${venv_options[@]}" --without-pip "$venv"; then
        site=$("$venv_python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
        "$python" -m pip install -qq --disable-pip-version-check --target "$site" pip ||
            fail "pip could not be put into ${venv##*/}; what pip says above is the reason"
        return
    fi
    rm -rf "$venv"
    if can_apt; then
        apt_install python3-venv || true
        if "$python" -m venv "${venv_options[@]}" "$venv"; then
            return
        fi
        rm -rf "$venv"
    fi
    fail "no virtual environment can be made: neither ensurepip nor pip is there." \
        "On Debian or Ubuntu: sudo apt-get install python3-venv"
}

# Installs the package once for each content of pyproject.toml and the constraints; $1: extras, e.g.
# "" or "[dev]".
install_package() {
    local extras=$1 stamp wanted
    stamp="$venv/installed${extras//[^a-z]/-}"
    wanted=$("$venv_python" - "$root" "$root/pyproject.toml" ${constraints:+"$constraints"} <<'PY'
import hashlib, pathlib, sys
content = sys.argv[1].encode() + b"".join(pathlib.Path(p).read_bytes() for p in sys.argv[2:])
print(hashlib.sha256(content).hexdigest())
PY
)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
        return
    fi
    say "installing drag_edge$extras and what it needs (once)"
    "$venv_python" -m pip install -qq --disable-pip-version-check \
        ${constraints:+--constraint "$constraints"} --editable "$root$extras" ||
        fail "pip could not install the package; what pip says above is the reason." \
            "Without a network, set pip's index or wheel folder (pip config, PIP_INDEX_URL, PIP_FIND_LINKS)."
    printf '%s\n' "$wanted" >"$stamp"
}

# The apt package that brings a shared library of OpenCV's.
package_of() {
    case $1 in
        libGL.so*) echo libgl1 ;;
        libgthread-2.0.so* | libglib-2.0.so*)
            # Debian 13 and Ubuntu 24.04 renamed it.
            if apt-cache show libglib2.0-0t64 >/dev/null 2>&1; then
                echo libglib2.0-0t64
            else
                echo libglib2.0-0
            fi
            ;;
        libSM.so*) echo libsm6 ;;
        libICE.so*) echo libice6 ;;
        libXext.so*) echo libxext6 ;;
        libXrender.so*) echo libxrender1 ;;
        libX11.so*) echo libx11-6 ;;
        libxcb.so*) echo libxcb1 ;;
    esac
}

# OpenCV's wheel needs a few libraries of the system; each import names the first that is missing.
need_opencv() {
    local told library package
    for _ in 1 2 3 4 5 6 7 8; do
        if told=$("$venv_python" -c 'import cv2' 2>&1); then
            return
        fi
        if on_jetson && [[ $told == *"No module named 'cv2'"* ]]; then
            fail "OpenCV is missing; on a Jetson it is JetPack's:" \
                "sudo apt-get install libopencv-python" \
                "If that is installed, ${venv##*/} does not see it: remove ${venv##*/} and try again."
        fi
        library=$(printf '%s' "$told" | sed -n 's/.*ImportError: \(lib[^:]*\): .*/\1/p' | tail -n 1)
        package=$(package_of "$library")
        if [ -z "$package" ]; then
            fail "OpenCV cannot be imported:" "$(printf '%s' "$told" | tail -n 1)"
        fi
        if ! can_apt; then
            fail "OpenCV needs the system library $library, which is missing." \
                "Run this once as root: apt-get install libgl1 $(package_of libglib-2.0.so)"
        fi
        apt_install "$package" || fail "apt-get could not install $package (for $library)"
    done
    fail "OpenCV still cannot be imported:" "$told"
}

# A real RTSP server for the tests of live cameras, for the system's own Python. Without it those tests
# are skipped, and say so.
offer_rtsp_server() {
    if /usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0")' >/dev/null 2>&1; then
        return
    fi
    can_apt || return 0
    apt_install python3-gi python3-gst-1.0 gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base \
        gstreamer1.0-plugins-good gstreamer1.0-plugins-ugly gstreamer1.0-rtsp ||
        say "no RTSP server could be installed: tests/rtsp is left out"
}

# All of it; $1: extras. Two tools at once wait for each other.
setup() {
    local python
    python=$(find_python)
    if command -v flock >/dev/null 2>&1; then
        exec 8>"$root/.venv-lock"
        flock 8
    fi
    make_venv "$python"
    install_package "${1:-}"
    need_opencv
    if command -v flock >/dev/null 2>&1; then
        exec 8>&-
    fi
}
