"""Google Sheets and Drive as an HTTP server on the loopback. By hand: `python -m tests.fakes.sheets_server`."""

from tests.fakes.sheets_server.server import SheetsServer

__all__ = ["SheetsServer"]
