"""Where the nodes of a directed graph without cycles are drawn: in layers, with few crossings.

The steps are those of Sugiyama, Tagawa & Toda (1981, IEEE Trans. SMC 11, 109): layers by the
longest path, long edges divided by invisible nodes, the order within layers by the mean place of
neighbours, and places as near to the neighbours as the distances allow.
"""

import itertools
from typing import NamedTuple

import numpy as np
from scipy.optimize import isotonic_regression

_SWEEPS = 24


class Layout(NamedTuple):
    """Places: x is the layer; y has at least the distance 1 between nodes of a layer."""

    nodes: dict  # node -> (x, y)
    edges: dict  # (from, to) -> list of (x, y), ends included


def reduced(edges):
    """Edges without those that a longer way replaces.

    Parameters
    ----------
    edges : iterable of (node, node)
        Without cycles.

    Returns
    -------
    list of (node, node)
        In sorted order.
    """
    after = {}
    for start, end in edges:
        after.setdefault(start, set()).add(end)
    reach = {}

    def beyond(node):
        if node not in reach:
            reach[node] = set(after.get(node, ())).union(*map(beyond, after.get(node, ())))
        return reach[node]

    return sorted(
        (start, end)
        for start, ends in after.items()
        for end in ends
        if not any(end in beyond(other) for other in ends - {end})
    )


def layout(edges, *, thin=0.5):
    """Place the nodes of a graph.

    Parameters
    ----------
    edges : iterable of (node, node)
        Without cycles; nodes can be sorted.
    thin : float, optional
        Distance of an edge that passes through a layer, in units of that of nodes.

    Returns
    -------
    Layout
    """
    edges = sorted(set(edges))
    layer = _layers(edges)
    links, ways = [], {}
    for start, end in edges:
        between = range(layer[start] + 1, layer[end])
        way = [start, *((start, end, place) for place in between), end]
        layer.update({node: place for node, place in zip(way[1:-1], between, strict=True)})
        links += itertools.pairwise(way)
        ways[start, end] = way
    y = _rows(_ordered(layer, links), links, thin)
    place = {node: (float(layer[node]), y[node]) for node in layer}
    real = {node for edge in edges for node in edge}
    return Layout(
        {node: place[node] for node in sorted(real)},
        {edge: [place[node] for node in way] for edge, way in ways.items()},
    )


def _layers(edges):
    """Longest way from a source; then as near to what follows as can be."""
    before, after, layer = {}, {}, {}
    for start, end in edges:
        before.setdefault(end, []).append(start)
        after.setdefault(start, []).append(end)

    def depth(node):
        if node not in layer:
            layer[node] = 1 + max((depth(other) for other in before.get(node, ())), default=-1)
        return layer[node]

    nodes = sorted({node for edge in edges for node in edge})
    for node in nodes:
        depth(node)
    for node in sorted(nodes, key=lambda found: -layer[found]):
        if node in after and node not in before:
            layer[node] = min(layer[other] for other in after[node]) - 1
    return layer


def _ordered(layer, links):
    """Nodes of each layer in the order of fewest crossings that some sweeps find."""
    rows = [[] for _ in range(max(layer.values()) + 1)]
    for node in sorted(layer, key=str):
        rows[layer[node]].append(node)
    near = _neighbours(links)
    best, fewest = [list(row) for row in rows], _crossings(rows, layer, links)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        for number in range(len(rows)) if forward else reversed(range(len(rows))):
            other = number - 1 if forward else number + 1
            if 0 <= other < len(rows):
                place = {node: spot for spot, node in enumerate(rows[other])}
                rows[number] = _by_mean(rows[number], near, place)
        found = _crossings(rows, layer, links)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    return best


def _neighbours(links):
    near = {}
    for start, end in links:
        near.setdefault(start, []).append(end)
        near.setdefault(end, []).append(start)
    return near


def _by_mean(row, near, place):
    """A layer by the mean place of each node's neighbours; those without any stay."""
    mean = {}
    for spot, node in enumerate(row):
        known = [place[other] for other in near[node] if other in place]
        mean[node] = np.mean(known) if known else spot
    return sorted(row, key=mean.get)


def _crossings(rows, layer, links):
    place = {node: spot for row in rows for spot, node in enumerate(row)}
    total = 0
    for number in range(len(rows) - 1):
        ends = sorted((place[a], place[b]) for a, b in links if layer[a] == number)
        total += sum(b > d for i, (a, b) in enumerate(ends) for c, d in ends[i + 1 :] if c > a)
    return total


def _rows(rows, links, thin):
    """Each node as near to the mean of its neighbours as the distances in its layer allow."""
    near = _neighbours(links)
    size = {node: thin if isinstance(node, tuple) else 1.0 for row in rows for node in row}
    offset = {}
    for row in rows:
        # Centres are half of both nodes' sizes apart.
        sizes = np.array([size[node] for node in row])
        offset.update(zip(row, np.cumsum(sizes) - sizes / 2, strict=True))
    y = {node: offset[node] - np.mean([offset[n] for n in row]) for row in rows for node in row}
    for _ in range(_SWEEPS):
        for row in rows:
            wanted = [np.mean([y[other] for other in near[node]]) for node in row]
            weights = [1.0 if not isinstance(node, tuple) else 2.0 for node in row]
            shift = np.array([offset[node] for node in row])
            # The least squares with given least distances: an isotonic regression (Best &
            # Chakravarti 1990) of what is left when those are taken off.
            y.update(
                zip(
                    row, isotonic_regression(wanted - shift, weights=weights).x + shift, strict=True
                )
            )
    return {node: float(found) for node, found in y.items()}
