"""The geometry of deep zoom: what is asked for covers the view exactly, sharp enough, nearest first."""

from hypothesis import given
from hypothesis import strategies as st

from app.domain.pyramid import SHARP_ENOUGH, TILE_PX, Box, Pyramid, TileAddress, level_count

sides = st.integers(1, 300_000)


def pyramid(width: int, height: int) -> Pyramid:
    size = (width, height)
    return Pyramid(size, level_count(size, 1 << 20), Box(0, 0, width, height), "stamp")


@given(sides, sides, st.integers(0, 12))
def test_the_tiles_of_a_level_cover_the_slide_once(width: int, height: int, level: int) -> None:
    shape = pyramid(width, height)
    level = min(level, shape.levels - 1)
    if width * height >> (2 * level) > 4_000_000:
        return
    tiles = shape.tiles(level, Box(0, 0, width, height))
    assert sum(shape.box(each).width * shape.box(each).height for each in tiles) == width * height
    assert len(set(tiles)) == len(tiles)
    assert all(shape.holds(each) and max(shape.tile_size(each)) <= TILE_PX for each in tiles)


@given(sides, sides)
def test_the_coarsest_level_is_one_tile(width: int, height: int) -> None:
    shape = pyramid(width, height)
    assert shape.tiles(shape.levels - 1, Box(0, 0, width, height)) == (TileAddress(shape.levels - 1, 0, 0),)


def test_a_file_without_coarse_levels_offers_only_what_it_can_give_quickly() -> None:
    assert level_count((100_000, 80_000), 8.0) == 4
    assert level_count((100_000, 80_000), 1 << 20) == 9
    assert level_count((300, 200), 8.0) == 1


@given(st.floats(0.0001, 8.0))
def test_the_level_is_sharp_and_no_finer_than_it_must_be(scale: float) -> None:
    shape = pyramid(200_000, 100_000)
    level = shape.level_for(scale)
    assert scale * (1 << level) <= SHARP_ENOUGH or level == 0
    assert scale * (2 << level) > SHARP_ENOUGH or level == shape.levels - 1


def test_the_middle_of_the_view_comes_first() -> None:
    tiles = pyramid(10_000, 10_000).tiles(0, Box(2048, 2048, 2560, 2560))
    assert tiles[0] == TileAddress(0, 6, 6)
    assert len(tiles) == 25
    assert pyramid(1000, 1000).tiles(0, Box(5000, 0, 100, 100)) == ()
