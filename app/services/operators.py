"""The lab's operators, as the settings list them."""

from app.domain.run import Operator
from app.domain.settings import LabSettings


def operators_of(lab: LabSettings) -> tuple[Operator, ...]:
    """Return one operator a line of `[lab] operators`: name, e-mail, initials."""
    found = []
    for line in lab.operators:
        name, email, initials = ([part.strip() for part in line.split(",")] + ["", ""])[:3]
        found.append(Operator(name, email, initials))
    return tuple(found)


def operator_named(lab: LabSettings, name: str, account: str) -> Operator:
    """Return the listed operator of that name or initials, else one who has only the name given."""
    for each in operators_of(lab):
        if name and name.casefold() in (each.name.casefold(), each.initials.casefold()):
            return Operator(each.name, each.email, each.initials, account)
    return Operator(name or account, account=account)
