"""The slide sheet as a workbook or text file."""
