"""What can be chosen about a scan: what its attention offers, or another try where it simply failed."""

from app.domain.step import StepState
from app.services.views import Choice, ScanView, StepView

DIFFERENCE_CHOICES = (Choice.TAKE_OVER, Choice.LEAVE)
"""What can be done about a row of the sheet that changed after the scan was named."""


def choices_of(view: ScanView) -> tuple[Choice, ...]:
    """Return the choices, the best first."""
    if view.attention is not None:
        return view.attention.choices
    if view.state is StepState.FAILED:
        return (Choice.RESTART,)
    return DIFFERENCE_CHOICES if view.differences else ()


def failed_step(view: ScanView) -> StepView | None:
    """Return the step that failed, with its title and hint for people."""
    return next((step for step in view.steps if step.state is StepState.FAILED), None)


def trouble_of(view: ScanView) -> tuple[str, str, str] | None:
    """Return title, message and hint of what is wrong, None while all is well."""
    if view.attention is not None:
        return view.attention.title, view.attention.message, view.attention.hint
    failed = failed_step(view)
    if failed is None:
        return None
    return failed.error_title or failed.title, failed.message or view.message, failed.hint
