"""Reading slides in worker processes: facts, pictures, barcodes, quality."""
