"""Working ahead changes when things are done, not what comes out or in which order."""

import threading
import time

import pytest
from refusal import refused

from skyloom import prefetch


def squares_backwards(item):
    # Early items take longest, so that they finish last.
    time.sleep(0.002 * (10 - item))
    return item**2


@pytest.mark.parametrize("threads", [None, 1, 2, 4])
def test_results_come_in_the_order_of_the_items(threads):
    pool = None if threads is None else prefetch.Pool(threads)
    source = prefetch.one_ahead(pool, iter(range(10)))
    assert list(prefetch.in_order(pool, squares_backwards, source)) == [i**2 for i in range(10)]


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_error_comes_in_the_place_of_its_item(threads):
    def work(item):
        if item == 3:
            raise ValueError("item 3")
        return item

    pool = None if threads is None else prefetch.Pool(threads)
    results = prefetch.in_order(pool, work, range(10))
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    refused("item 3", next, results, error=ValueError)


def test_error_of_the_source_reaches_the_reader():
    def source():
        yield 1
        raise ValueError("damaged")

    with prefetch.Pool(2) as pool:
        items = prefetch.one_ahead(pool, source())
        assert next(items) == 1
        refused("damaged", next, items, error=ValueError)


def test_few_items_are_taken_from_the_source_before_their_results_are_asked_for():
    taken = []

    def source():
        for item in range(100):
            taken.append(item)
            yield item

    with prefetch.Pool(2) as pool:
        results = prefetch.in_order(pool, abs, prefetch.one_ahead(pool, source()))
        next(results)
        assert len(taken) <= 2 * pool.threads + 2


def test_no_more_threads_work_than_the_pool_has():
    working, most, lock = 0, 0, threading.Lock()

    def work(item):
        nonlocal working, most
        with lock:
            working += 1
            most = max(most, working)
        time.sleep(0.001)
        with lock:
            working -= 1
        return item

    with prefetch.Pool(2) as pool:
        first = prefetch.in_order(pool, work, range(20))
        list(prefetch.in_order(pool, work, first))
    assert most <= 2
