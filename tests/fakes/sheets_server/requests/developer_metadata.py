"""Requests about developer metadata: hung on something, changed, and taken away."""

from dataclasses import replace

from tests.fakes.sheets_server.book import Book
from tests.fakes.sheets_server.call import chosen
from tests.fakes.sheets_server.data_filter import VISIBILITIES, location_of, view_for
from tests.fakes.sheets_server.developer_metadata import CHARACTER_LIMIT, DeveloperMetadata, Location, project_of
from tests.fakes.sheets_server.errors import InvalidError
from tests.fakes.sheets_server.requests.edit import Edit, Message, mask_of

FIELDS = ("metadataKey", "metadataValue", "location", "visibility")


def create_developer_metadata(edit: Edit, request: Message) -> Message:
    new = request.get("developerMetadata") or {}
    blank = DeveloperMetadata(_free_id(edit, new.get("metadataId")), "", "", "", Location(), project_of(edit.account))
    made = _described(edit.book, blank, new, FIELDS)
    _holder(edit.book, made).append(made)
    _check_limit(edit.book)
    return {"createDeveloperMetadata": {"developerMetadata": made.json()}}


def update_developer_metadata(edit: Edit, request: Message) -> Message:
    new, mask, filters = request.get("developerMetadata") or {}, mask_of(request), request.get("dataFilters") or []
    if not filters:
        raise InvalidError("Must specify at least one data filter.")
    view = view_for(edit.book, edit.account)
    wanted = {each.id for one in filters for each in view.metadata(one)}
    changed = []
    for old in view.everything():
        if old.id in wanted:
            changed.append(_described(edit.book, old, new, FIELDS if "*" in mask else tuple(mask)))
            _holder(edit.book, old).remove(old)
            _holder(edit.book, changed[-1]).append(changed[-1])
    _check_limit(edit.book)
    return {"updateDeveloperMetadata": {"developerMetadata": [each.json() for each in changed]} if changed else {}}


def delete_developer_metadata(edit: Edit, request: Message) -> Message:
    gone = view_for(edit.book, edit.account).metadata(request.get("dataFilter") or {})
    for each in gone:
        _holder(edit.book, each).remove(each)
    return {"deleteDeveloperMetadata": {"deletedDeveloperMetadata": [each.json() for each in gone]} if gone else {}}


def _holder(book: Book, metadata: DeveloperMetadata) -> list[DeveloperMetadata]:
    tab = metadata.location.tab
    return book.metadata if tab is None else book.tab_by_id(tab).metadata


def _free_id(edit: Edit, wanted: int | None) -> int:
    if wanted is None:
        return edit.store.new_number()
    if int(wanted) <= 0:
        raise InvalidError(f"Developer metadata ID [{wanted}] must be positive.")
    if any(each.id == int(wanted) for each in _all(edit.book)):
        raise InvalidError(
            f"Cannot add developer metadata with ID [{wanted}] because developer metadata with that ID already exists."
        )
    return int(wanted)


def _all(book: Book) -> list[DeveloperMetadata]:
    return [*book.metadata, *(each for tab in book.tabs for each in tab.metadata)]


def _described(book: Book, old: DeveloperMetadata, new: Message, fields: tuple[str, ...]) -> DeveloperMetadata:
    """Return metadata with those fields that are named. Raises InvalidError when one that it must have is missing."""
    if unknown := [each for each in fields if each not in FIELDS]:
        raise InvalidError(f"The field {unknown[0]} of developer metadata cannot be updated.")
    if "metadataKey" in fields:
        old = replace(old, key=str(new.get("metadataKey") or ""))
    if "metadataValue" in fields:
        old = replace(old, value=str(new.get("metadataValue") or ""))
    if "location" in fields:
        old = replace(old, location=location_of(book, new.get("location") or {}))
    if "visibility" in fields:
        old = replace(old, visibility=_visibility(new))
    if not old.key:
        raise InvalidError("Developer metadata must have a metadataKey specified.")
    return old


def _visibility(new: Message) -> str:
    visibility = chosen(new.get("visibility") or "", "visibility", "DeveloperMetadataVisibility", VISIBILITIES)
    if visibility == VISIBILITIES[0]:
        raise InvalidError("Developer metadata must have a visibility specified.")
    return visibility


def _check_limit(book: Book) -> None:
    for held in (book.metadata, *(tab.metadata for tab in book.tabs)):
        if sum(each.characters for each in held) > CHARACTER_LIMIT:
            raise InvalidError(
                f"This action would increase the developer metadata above the limit of {CHARACTER_LIMIT} characters."
            )
