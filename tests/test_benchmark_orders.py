"""The orders in which benchmarks run: nobody always comes behind the same one."""

from collections import Counter
from itertools import pairwise

import pytest

from tests.benchmarks.transfer import in_turn


@pytest.mark.parametrize("number", range(2, 8))
def test_each_comes_behind_each_other_one_equally_often(number: int) -> None:
    names = [str(each) for each in range(number)]
    orders = in_turn(names)
    assert all(sorted(order) == names for order in orders)
    followed = Counter(pair for order in orders for pair in pairwise(order))
    assert set(followed) == {(one, other) for one in names for other in names if one != other}
    assert len(set(followed.values())) == 1
