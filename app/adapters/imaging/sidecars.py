"""Files beside a slide's own that only say something about it: annotations, notes, measurements."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from app.adapters.imaging.names import KEY_EXTENSIONS, SLIDE_EXTENSIONS, extension
from app.domain.scan import SIDECAR_EXTENSIONS

_WITH_SIDECARS = SLIDE_EXTENSIONS - {"mrxs", "vsi", "dcm"} - KEY_EXTENSIONS
"""Slides that are one file; the others say themselves what belongs to them."""


class Sidecars:
    """The sidecars among the names of one folder, by the slide they are named after."""

    def __init__(self, names: Iterable[str]) -> None:
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        self._slides: Counter[str] = Counter()
        for name in names:
            stem, _, kind = name.casefold().rpartition(".")
            if kind in SIDECAR_EXTENSIONS:
                self._by_stem[stem].append(name)
            elif kind in SLIDE_EXTENSIONS:
                self._slides[stem] += 1

    def of(self, slide: str) -> tuple[str, ...]:
        """Return the sidecars of a slide; `x.xml` beside both `x.svs` and `x.tif` is nobody's: who could tell?"""
        if extension(slide) not in _WITH_SIDECARS:
            return ()
        name = slide.casefold()
        stem = name.rpartition(".")[0]
        own = [*self._by_stem.get(name, ()), *(self._by_stem.get(stem, ()) if self._slides[stem] == 1 else ())]
        return tuple(sorted(own))
