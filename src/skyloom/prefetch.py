"""Working ahead on a few threads: reading, computing and writing overlap, and order is kept.

Everything runs on the one pool that a job opens with its number of threads, so that all stages
together use no more. Each stage holds a few items, so memory does not grow with their number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor


class Pool(ThreadPoolExecutor):
    """The threads of one job; its end waits for the work that has begun."""

    def __init__(self, threads) -> None:
        super().__init__(threads)
        self.threads = threads


def in_order(pool: Pool | None, work: Callable, items: Iterable):
    """``map(work, items)`` on the threads of a pool.

    Parameters
    ----------
    pool : Pool or None
        None works when the result is asked for.
    work : callable
    items : iterable
        Taken as they are needed: two a thread are worked on or wait to be asked for.

    Yields
    ------
    What `work` gives, in the order of the items; its errors are raised in their place.
    """
    if pool is None:
        yield from map(work, items)
        return
    futures = deque()
    try:
        for item in items:
            futures.append(pool.submit(work, item))
            if len(futures) >= 2 * pool.threads:
                yield futures.popleft().result()
        while futures:
            yield futures.popleft().result()
    finally:
        for future in futures:
            future.cancel()


def one_ahead(pool: Pool | None, items: Iterable):
    """The items of an iterator, the next one made on the pool while the last one is used.

    Parameters
    ----------
    pool : Pool or None
        None makes each item when it is asked for.
    items : iterable
        Whose items take time, such as blocks that are read and decompressed.

    Yields
    ------
    The items, in order.
    """
    if pool is None:
        yield from items
        return
    iterator, end = iter(items), object()
    future = pool.submit(next, iterator, end)
    while (item := future.result()) is not end:
        future = pool.submit(next, iterator, end)
        yield item
