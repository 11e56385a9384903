"""The only place that builds concrete things and hands them to each other."""

from app.bootstrap.demo_lab import demo_laid_out, lay_out_demo, open_demo
from app.bootstrap.examinations import doctors_list
from app.bootstrap.files import destination_for, find_named, images_for_files, open_folder, sets_of
from app.bootstrap.holding import LOG_FORMAT, hold, try_hold
from app.bootstrap.new_sheet import make_new_sheet
from app.bootstrap.place import (
    Place,
    account,
    default_operator,
    find_place,
    load_settings,
    refuse_empty,
    require,
    settings_if_any,
    version,
)
from app.bootstrap.secrets import open_secret_desk
from app.bootstrap.share import is_the_labs_share, journal_of_share
from app.bootstrap.station import (
    Needed,
    SystemClock,
    journal_if_any,
    open_destination,
    open_journal,
    open_station,
    write_audit,
    write_report,
)
from app.bootstrap.window import open_every_part, show_demo_window, show_error, show_window

__all__ = [
    "LOG_FORMAT",
    "Needed",
    "Place",
    "SystemClock",
    "account",
    "default_operator",
    "demo_laid_out",
    "destination_for",
    "doctors_list",
    "find_named",
    "find_place",
    "hold",
    "images_for_files",
    "is_the_labs_share",
    "journal_if_any",
    "journal_of_share",
    "lay_out_demo",
    "load_settings",
    "make_new_sheet",
    "open_demo",
    "open_destination",
    "open_every_part",
    "open_folder",
    "open_journal",
    "open_secret_desk",
    "open_station",
    "refuse_empty",
    "require",
    "sets_of",
    "settings_if_any",
    "show_demo_window",
    "show_error",
    "show_window",
    "try_hold",
    "version",
    "write_audit",
    "write_report",
]
