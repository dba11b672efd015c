"""Which entries an auditor looks at: chosen by a seed of theirs, so that nobody else can have chosen. Pure."""

import hashlib
import hmac
import itertools
from typing import Final

_WORD: Final = b"answerable/sample/v1\x00"


def choose(seed: str, *, root: bytes, size: int, count: int) -> tuple[int, ...]:
    """So many places of a log of this size, in ascending order; all of them when there are no more.

    The n-th draw, from 0, is the first eight bytes of HMAC-SHA256 under the seed, over the word, the root and n
    in eight bytes, as a number modulo the size; a place that was drawn already counts once. The root is in it, so
    that who signs a head cannot know beforehand what will be looked at.
    """
    if count >= size:
        return tuple(range(size))
    chosen: set[int] = set()
    for number in itertools.count():
        if len(chosen) == count:
            break
        drawn = hmac.digest(seed.encode(), _WORD + root + number.to_bytes(8, "big"), hashlib.sha256)
        chosen.add(int.from_bytes(drawn[:8], "big") % size)
    return tuple(sorted(chosen))
