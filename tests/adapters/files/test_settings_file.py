"""The settings file is changed on disk, whole, and with its own manners."""

import sys
from pathlib import Path

import pytest

from app.adapters.files.settings_file import TomlSettingsFile
from app.domain.errors import SurroundingsError, UseError

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions and links are POSIX's here")


def test_comments_marks_and_line_ends_stay(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_bytes(b"\xef\xbb\xbf# ours\r\n[wedge]\r\ngap_ms = 20\r\n")
    TomlSettingsFile(file).change("wedge", {"gap_ms": 9.0, "translate": ("zy",)})
    assert file.read_bytes() == b'\xef\xbb\xbf# ours\r\n[wedge]\r\ngap_ms = 9.0\r\ntranslate = ["zy"]\r\n'
    assert list(tmp_path.iterdir()) == [file]


@posix
def test_permissions_stay_and_a_links_target_is_written(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "settings.toml"
    real.write_text("", encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    TomlSettingsFile(link).change("wedge", {"gap_ms": 9.0})
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "gap_ms = 9.0" in real.read_text(encoding="utf-8")


def test_a_missing_file_and_one_that_is_no_text_are_said(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    with pytest.raises(SurroundingsError) as missing:
        TomlSettingsFile(file).change("wedge", {"gap_ms": 9.0})
    assert str(file) in missing.value.message
    file.write_bytes(b"name = '\xe4'")
    with pytest.raises(UseError, match="cannot be read"):
        TomlSettingsFile(file).change("wedge", {"gap_ms": 9.0})
    assert file.read_bytes() == b"name = '\xe4'"
