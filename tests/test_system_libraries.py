"""The check of system libraries: one line to type where it may not install, apt-get without a question where it may."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "packaging" / "system_libraries.py"
PROGRAMS = ("xvfb", "openbox", "xdotool", "scrot", "x11-utils", "poppler-utils", "rsync", "rclone", "strace", "fuse3")
PROGRAMS += ("dbus", "gnome-keyring", "xfsprogs", "btrfs-progs", "exfatprogs", "exfat-fuse", "ntfs-3g")

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems bring what Qt needs")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script where no program is installed but what the folder holds."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *words],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def put_apt_get(folder: Path, exit_code: int) -> Path:
    """Put a stand-in for apt-get there that writes down what it was asked; return where."""
    asked = folder / "asked"
    program = folder / "apt-get"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{asked}"\nexit {exit_code}\n', encoding="utf-8")
    program.chmod(0o755)
    return asked


def test_without_a_package_manager_one_line_says_what_is_missing(tmp_path: Path) -> None:
    done = run(tmp_path, "--tests")
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert all(name in line for name in ("Xvfb", "xdotool", "pdftoppm", "rclone"))


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="Debian and Ubuntu only")
def test_the_administrator_gets_the_packages_without_a_question(tmp_path: Path) -> None:
    asked = put_apt_get(tmp_path, 0)
    done = run(tmp_path, "--tests")
    if os.geteuid() != 0:
        assert not asked.exists()
        assert done.stderr.startswith("sudo apt-get install")
        return
    assert done.returncode == 0
    update, install = asked.read_text(encoding="utf-8").splitlines()
    assert "update" in update.split()
    assert {"install", "--yes", "--no-install-recommends", *PROGRAMS} <= set(install.split())


@pytest.mark.skipif(not Path("/etc/debian_version").exists(), reason="Debian and Ubuntu only")
def test_when_apt_get_fails_the_line_to_type_comes_last(tmp_path: Path) -> None:
    put_apt_get(tmp_path, 100)
    done = run(tmp_path, "--tests")
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith("sudo apt-get install --no-install-recommends ")
    assert set(PROGRAMS) <= set(line.split())
