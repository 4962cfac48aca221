"""What can be known of a network before any input: dead ends, parts that match without input, circles."""

from __future__ import annotations

from collections.abc import Callable

from mirabelle.grammar.network import Edge, Network, Step


def analyse(network: Network) -> None:
    """Remove what can never be part of a match, and mark the parts that match without input and those in circles.

    Afterwards every state can reach the end of its part, so that whatever is still being matched can be completed.
    """
    productive = _completed(network, lambda edge: edge.step is not Step.CALL)
    _prune(network, set(productive))
    ranks = _completed(network, lambda edge: edge.step in (Step.FREE, Step.TAG))
    for rank, index in enumerate(ranks):
        network.parts[index].null_rank = rank
    for circle, members in enumerate(_circles(network)):
        for index in members:
            network.parts[index].circle = circle


def _completed(network: Network, passable: Callable[[Edge], bool]) -> list[int]:
    """Return the parts whose end can be reached over passable edges and calls of such parts, in the order found."""
    part_at = {part.final: index for index, part in enumerate(network.parts)}
    completed: dict[int, None] = {}
    waiting: dict[int, list[int]] = {}
    reached: set[int] = set()
    agenda = [part.start for part in network.parts]
    while agenda:
        state = agenda.pop()
        if state in reached:
            continue
        reached.add(state)
        if (index := part_at.get(state)) is not None:
            completed[index] = None
            agenda.extend(waiting.pop(index, ()))
        for edge in network.edges[state]:
            if passable(edge) or edge.rule in completed:
                agenda.append(edge.target)
            elif edge.step is Step.CALL:
                waiting.setdefault(edge.rule, []).append(edge.target)
    return list(completed)


def _prune(network: Network, productive: set[int]) -> None:
    sources: list[list[int]] = [[] for _ in network.edges]
    for state, edges in enumerate(network.edges):
        edges[:] = [edge for edge in edges if edge.step is not Step.CALL or edge.rule in productive]
        for edge in edges:
            sources[edge.target].append(state)
    alive: set[int] = set()
    agenda = [part.final for part in network.parts]
    while agenda:
        state = agenda.pop()
        if state not in alive:
            alive.add(state)
            agenda.extend(sources[state])
    for edges in network.edges:
        edges[:] = [edge for edge in edges if edge.target in alive]


def _circles(network: Network) -> list[list[int]]:
    """Return the strongly connected parts of the graph of calls (Tarjan's algorithm, without recursion)."""
    calls: list[set[int]] = [set() for _ in network.parts]
    for caller, edge in network.callers():
        calls[caller].add(edge.rule)
    index_of: dict[int, int] = {}
    low: dict[int, int] = {}
    stack: list[int] = []
    place_of: dict[int, int] = {}
    circles: list[list[int]] = []
    for root in range(len(calls)):
        if root in index_of:
            continue
        path = [(root, iter(calls[root]))]
        index_of[root] = low[root] = len(index_of)
        place_of[root] = len(stack)
        stack.append(root)
        while path:
            part, following = path[-1]
            for called in following:
                if called not in index_of:
                    index_of[called] = low[called] = len(index_of)
                    place_of[called] = len(stack)
                    stack.append(called)
                    path.append((called, iter(calls[called])))
                    break
                if called in place_of:
                    low[part] = min(low[part], index_of[called])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[part])
                if low[part] == index_of[part]:
                    members = stack[place_of[part] :]
                    del stack[place_of[part] :]
                    for member in members:
                        del place_of[member]
                    circles.append(members)
    return circles
