"""Finds which of the system's own libraries and tools are missing, installs them where it may, else says what to type.

`python3 packaging/system_libraries.py [--tests]`. Runs before anything is installed, so it needs Python's own library
only. The exit code is 1 while something is missing; make goes on all the same, for most of it needs none of this.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path

APT_SECONDS = 900.0
APT_OPTIONS = ("-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20")

WINDOW_LIBRARIES = {
    "EGL": "libegl1",
    "GL": "libgl1",
    "GLX": "libglx0",
    "fontconfig": "libfontconfig1",
    "freetype": "libfreetype6",
    "dbus-1": "libdbus-1-3",
    "glib-2.0": "libglib2.0-0",
    "gssapi_krb5": "libgssapi-krb5-2",
    "xcb-cursor": "libxcb-cursor0",
    "xcb-icccm": "libxcb-icccm4",
    "xcb-image": "libxcb-image0",
    "xcb-keysyms": "libxcb-keysyms1",
    "xcb-randr": "libxcb-randr0",
    "xcb-render-util": "libxcb-render-util0",
    "xcb-shape": "libxcb-shape0",
    "xcb-sync": "libxcb-sync1",
    "xcb-util": "libxcb-util1",
    "xcb-xfixes": "libxcb-xfixes0",
    "xcb-xkb": "libxcb-xkb1",
    "xkbcommon": "libxkbcommon0",
    "xkbcommon-x11": "libxkbcommon-x11-0",
}
"""Library of Qt's xcb platform → Debian package. Qt names only the first that is missing, and often the wrong one."""

TEST_PROGRAMS = {
    "Xvfb": "xvfb",
    "openbox": "openbox",
    "xdotool": "xdotool",
    "setxkbmap": "x11-xkb-utils",
    "scrot": "scrot",
    "xdpyinfo": "x11-utils",
    "pdftoppm": "poppler-utils",
    "rsync": "rsync",
    "rclone": "rclone",
    "strace": "strace",
    "fusermount3": "fuse3",
    "dbus-run-session": "dbus",
    "gnome-keyring-daemon": "gnome-keyring",
    "mkfs.xfs": "xfsprogs",
    "mkfs.btrfs": "btrfs-progs",
    "mkfs.exfat": "exfatprogs",
    "mount.exfat-fuse": "exfat-fuse",
    "ntfs-3g": "ntfs-3g",
}
"""Program that the tests of the window and of faults, the benchmarks or the screenshots start → Debian package."""


@dataclass(frozen=True)
class Missing:
    """What was not found here, and the Debian packages that hold it."""

    names: tuple[str, ...]
    packages: tuple[str, ...]


def look(*, with_tests: bool) -> Missing:
    """Return what is missing of the window's libraries, of Python itself and, if asked, of the tests' programs."""
    found = {name: package for name, package in WINDOW_LIBRARIES.items() if find_library(name) is None}
    if importlib.util.find_spec("ensurepip") is None:
        found["ensurepip"] = "python3-venv"
    if with_tests:
        found |= {name: package for name, package in TEST_PROGRAMS.items() if shutil.which(name) is None}
    return Missing(tuple(found), tuple(dict.fromkeys(found.values())))


def may_install() -> bool:
    """Whether this is a Debian or Ubuntu system and we are its administrator."""
    return shutil.which("apt-get") is not None and Path("/etc/debian_version").exists() and os.geteuid() == 0


def install(packages: tuple[str, ...]) -> bool:
    """Install Debian packages without a question; return whether apt-get could."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update",), ("install", "--yes", "--no-install-recommends", *packages)):
        command = ("apt-get", "-qq", *APT_OPTIONS, *words)
        try:
            # Lists that cannot be fetched anew may still be there from before: only the installation decides.
            subprocess.run(
                command,
                check=words[0] == "install",
                env=quiet,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                timeout=APT_SECONDS,
            )
        except (OSError, subprocess.SubprocessError) as error:
            say(f"apt-get {words[0]}: {error}")
            return False
    return True


def advice(missing: Missing) -> str:
    """Return the one line a person types to get what is missing."""
    if shutil.which("apt-get"):
        return f"sudo apt-get install --no-install-recommends {' '.join(missing.packages)}"
    return f"# with this system's package manager, install what holds: {' '.join(missing.names)}"


def say(line: str) -> None:
    """Print a line where it does not mix with the output of what comes next."""
    sys.stderr.write(line + "\n")


def main() -> int:
    """Look, install where that is possible, else print one line to type; return 1 if something is missing still."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", action="store_true", help="also the programs that tests and benchmarks start")
    chosen = parser.parse_args()
    if not sys.platform.startswith("linux"):
        return 0
    missing = look(with_tests=chosen.tests)
    if not missing.packages:
        return 0
    if may_install():
        say(f"Installing with apt-get: {' '.join(missing.packages)}")
        if install(missing.packages):
            return 0
    say(advice(missing))
    return 1


if __name__ == "__main__":
    sys.exit(main())
