import pytest

from app.adapters.sheets.number_text import number_text


@pytest.mark.parametrize(
    ("raw", "code", "shown"),
    [
        ("620995.0", "General", "620995"),
        ("6.20995E5", "0", "620995"),
        ("123", "000000", "000123"),
        ("123456", "000-000", "123-456"),
        ("1234567", "000-00-0000", "001-23-4567"),
        ("123", '"S-"00000', "S-00123"),
        ("0.30000000000000004", "General", "0.3"),
        ("123456789012345678", "General", "123456789012345678"),
        ("1234567.891", "#,##0.00", "1,234,567.89"),
        ("-5", "0;(0)", "(5)"),
        ("-5", "[Red]-0", "--5"),
        ("0.124", "0.0%", "12.4%"),
        ("12.5", "0.0#", "12.5"),
        ("620995", "0_);(0)", "620995"),
        ("5", "# ?/?", "5"),
        ("5", "0.00E+00", "5"),
        ("45359", "yyyy-mm-dd", "2024-03-08"),
        ("45359.604166666664", "m/d/yy h:mm", "2024-03-08T14:30:00"),
        ("1", "d/m/yy", "1900-01-01"),
        ("0.5", "h:mm", "12:00:00"),
        ("1e300", "yyyy", "1e+300"),
        ("1e300", "0.00", "1e+300"),
        ("nan", "0", "nan"),
        ("x", "0", "x"),
        ("5", '"', "5"),
    ],
)
def test_a_number_is_shown_as_its_format_shows_it(raw: str, code: str, shown: str) -> None:
    assert number_text(raw, code, from_1904=False) == shown


def test_old_macintosh_workbooks_count_from_1904() -> None:
    assert number_text("43897", "yyyy-mm-dd", from_1904=True) == "2024-03-08"
