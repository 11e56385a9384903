"""The run report as PDF, CSV and JSON, and a page of barcodes.

Importing this is cheap: the page library is loaded when a PDF is written.
"""

from app.adapters.reports.audit_form import write_audit_csv, write_audit_json
from app.adapters.reports.csv_form import write_csv
from app.adapters.reports.json_form import report_json, write_json
from app.adapters.reports.pdf import PdfReport
from app.adapters.reports.symbol_sheet import PrintedSymbols

__all__ = [
    "PdfReport",
    "PrintedSymbols",
    "report_json",
    "write_audit_csv",
    "write_audit_json",
    "write_csv",
    "write_json",
]
