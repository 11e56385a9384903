"""The numbers of a verdict in words, with the limits they were held against."""

from app.domain.quality import Quality


def judged_words(quality: Quality) -> str:
    """Return a verdict as the audit log keeps it: `rescan: 12.4 % blurred (limit 5 %), focus 0.16 (limit 0.20), …`."""
    numbers, limits = quality.numbers, quality.limits
    found = (
        (numbers.blurry_percent, "{:.1f} % blurred", limits and f"limit {limits.blur_rescan_percent:g} %"),
        (numbers.focus, "focus {:.2f}", limits and f"limit {limits.focus_review:.2f}"),
        (numbers.tissue_percent, "{:.1f} % tissue", limits and f"least {limits.tissue_min_percent:g} %"),
        (numbers.missed_percent, "{:.1f} % missed", limits and f"limit {limits.missed_tissue_percent:g} %"),
    )
    parts = [
        form.format(number) + (f" ({limit})" if limit else "") for number, form, limit in found if number is not None
    ]
    if quality.program:
        parts.append(f"judged by version {quality.program}")
    return f"{quality.verdict.value}: {', '.join(parts)}" if parts else quality.verdict.value
