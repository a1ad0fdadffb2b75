"""Tournaments pick the fittest that they draw, and age alone removes."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsl import parse
from evosearch.genome import genome_of
from evosearch.population import Member, add, choose_parent, found

GENOME = genome_of(parse("def train(w, g, lr):\n  return g\n"))


def aged(number: int, fitness: float) -> Member:
    return Member(number, GENOME, fitness)


def members(*fitness: float) -> tuple[Member, ...]:
    return tuple(aged(n, each) for n, each in enumerate(fitness))


def test_a_population_begins_as_copies_of_the_seed() -> None:
    seed = aged(0, 0.5)
    assert found(seed, 3) == (seed, seed, seed)


@given(st.lists(st.floats(-1.0, 1.0), min_size=1), st.floats(-9.0, 9.0))
def test_the_oldest_goes_however_fit(fitness: list[float], new: float) -> None:
    population = members(*fitness)
    member = aged(99, new)
    after = add(population, member)
    assert after == (*population[1:], member)
    assert population == members(*fitness)


STRUCTURES = [genome_of(parse(f"def train(w, g, lr):\n  return {u}\n")) for u in "gw"]
STRUCTURES.append(genome_of(parse("def train(w, g, lr):\n  return g * w\n")))


@given(
    st.lists(st.integers(0, 2), min_size=1, max_size=9),
    st.lists(st.integers(0, 2), max_size=20),
    st.integers(1, 4),
)
def test_of_one_structure_there_are_not_more_than_allowed(
    before: list[int], entering: list[int], copies: int
) -> None:
    population = tuple(Member(n, STRUCTURES[k], 0.0) for n, k in enumerate(before))
    for number, kind in enumerate(entering, len(before)):
        member = Member(number, STRUCTURES[kind], 0.0)
        after = add(population, member, copies)
        left = [each for each in population if each not in after]
        alike = [each for each in population if each.genome is member.genome]
        # Age decides, among all, or among those of one structure.
        assert left == (alike if len(alike) >= copies else list(population))[:1]
        assert after == (*(each for each in population if each not in left), member)
        for genome in STRUCTURES:
            were, are = (
                sum(each.genome is genome for each in members)
                for members in (population, after)
            )
            assert are <= max(copies, were)
        population = after


@given(st.lists(st.integers(0, 2), min_size=1, max_size=9), st.integers(0, 2))
def test_a_limit_as_large_as_the_population_is_none(
    before: list[int], kind: int
) -> None:
    population = tuple(Member(n, STRUCTURES[k], 0.0) for n, k in enumerate(before))
    member = Member(99, STRUCTURES[kind], 0.0)
    without = add(population, member)
    assert add(population, member, len(population)) == without


class Drawing(Random):
    """Draws the places that it is told to."""

    def __init__(self, places: list[int], size: int) -> None:
        super().__init__(0)
        self._shares = iter([(place + 0.5) / size for place in places])

    def random(self) -> float:
        return next(self._shares)


@given(st.data(), st.lists(st.integers(-5, 5), min_size=1, max_size=8))
def test_the_fittest_of_the_drawn_is_chosen(
    data: st.DataObject, values: list[int]
) -> None:
    population = members(*map(float, values))
    places = st.lists(st.integers(0, len(values) - 1), min_size=1, max_size=5)
    drawn = data.draw(places)
    chosen = choose_parent(population, len(drawn), Drawing(drawn, len(values)))
    assert chosen.number in drawn
    assert chosen.fitness == min(values[place] for place in drawn)
    # Ties go to the first that was drawn.
    ties = [place for place in drawn if values[place] == chosen.fitness]
    assert chosen.number == ties[0]


@pytest.mark.parametrize("tournament", [1, 2, 3])
def test_ranks_are_chosen_as_often_as_tournaments_have_it(tournament: int) -> None:
    """Rank r (best 0) of n wins with probability ((n-r)^k - (n-r-1)^k) / n^k."""
    size, draws = 5, 20_000
    population = members(3.0, 1.0, 4.0, 0.0, 2.0)
    random = Random(1)
    wins = Counter(
        choose_parent(population, tournament, random).fitness for _ in range(draws)
    )
    for rank in range(size):
        better = (size - rank) ** tournament - (size - rank - 1) ** tournament
        share = better / size**tournament
        # Five standard errors.
        error = 5.0 * (share * (1.0 - share) / draws) ** 0.5
        assert wins[float(rank)] / draws == pytest.approx(share, abs=error)
