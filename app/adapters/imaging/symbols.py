"""Barcodes as modules, made by zxing-cpp, which is loaded when the first one is wanted."""

from app.domain.symbol import Symbol

_DARK_BELOW = 128


class ZxingSymbols:
    """Meets SymbolMaker."""

    def make(self, text: str, symbology: str) -> Symbol:
        """Return the symbol of a text; a linear one as a single row."""
        import numpy as np
        import zxingcpp

        # Rectangular Data Matrix is newer than many a hand scanner.
        made = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(symbology), force_square=True)
        dark = np.array(made.to_image(scale=1, add_quiet_zones=False)) < _DARK_BELOW
        if (dark == dark[0]).all():
            dark = dark[:1]
        return Symbol(text, symbology, tuple(tuple(bool(module) for module in row) for row in dark))
