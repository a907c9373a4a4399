import numpy as np
import pytest
import torch

from anb2n import lang_anb2n
from lab.insight import automaton as fsm
from lab.insight import phases, states
from lab.insight.phases import Mistake
from lab.insight.step import follow
from lab.seq.verdict import spell
from tests.insight.counting import exact, untrained


def visits(net, blocks):
    return states.visit(net, fsm.language(net.num_class, 4), spell(np.array(blocks), net.num_class))


def test_phases_of_a_block():
    seen = visits(exact(3), [[2, 1]])  # points 1 to 19 are after A A B B B B C C C C C C A B B C C C A
    found = {name: points.tolist() for name, points in phases.phases(seen, 3).items()}
    assert found == {
        'A': [1, 2],
        'first B': [3, 14],
        'B': [4, 5, 6, 15],
        'first C': [7, 16],
        'C': [8, 9, 10, 11, 12, 17, 18],
        'restart': [13, 19],
    }


def test_losses_are_those_of_the_lab():
    net = untrained('lstm', 3)
    loss, right = phases.losses(net)
    lang = lang_anb2n(3, 4)
    for n in (1, 2, 3):
        lang.random = type('Same', (), {'integers': lambda *_, size, n=n: np.full(size, n)})
        x, seq, target, _ = lang.get_sequence()
        logits = net.logits(follow(net, x.argmax(dim=2).numpy()))
        probabilities = torch.softmax(torch.from_numpy(logits), dim=2)
        assert loss[n - 1] == pytest.approx(float(((probabilities - target) ** 2).mean()), abs=1e-6)
        due = x.argmax(dim=2)[0].numpy() != 0
        assert right[n - 1] == pytest.approx((logits[0].argmax(axis=1) == seq[1:].numpy())[due].mean())


def test_mistakes_are_the_places_where_a_determined_symbol_is_not_predicted():
    """One that always ends a block of B's or C's one symbol too early, if n is 3."""
    net = exact(3)

    def logits(s):
        early = (s[..., 2] == 3) & (s[..., 1] > 0) & (s[..., 0] == 1)
        return np.where(early[..., None], np.eye(3)[(s[..., 1].astype(int) + 1) % 3], net.logits(s))

    found = phases.mistakes(net._replace(logits=logits), spell(np.array([[3, 1], [2, 4], [1, 3], [3, 1]]), 3))
    assert found == [Mistake(3, 1, 5, 1, 2, 1.0), Mistake(3, 2, 8, 2, 0, 1.0)]
    assert phases.mistakes(net, spell(np.array([[2, 1]]), 3)) == []


def test_the_share_of_a_mistake_counts_every_sequence_and_the_largest_comes_first():
    """After a block of 2, the first B of a block of 1 is followed by what the trace says; B's of 4 go on for ever."""
    plain = exact(2, noise=1.0)

    def logits(s):
        wrong_after_2 = (s[..., 1] == 1) & (s[..., 2] == 1) & (s[..., 3] == 2) & (s[..., 0] == 1)
        for_ever = (s[..., 1] == 1) & (s[..., 2] == 4) & (s[..., 0] == 0)
        return np.where(wrong_after_2[..., None], [1, 0], np.where(for_ever[..., None], [0, 1], plain.logits(s)))

    blocks = np.array([[2, 1], [3, 1], [3, 1], [3, 1], [4, 3]])  # of 1's, one in four comes after a 2
    found = phases.mistakes(plain._replace(logits=logits), spell(blocks, 2))
    assert found == [Mistake(4, 1, 8, 0, 1, 1.0), Mistake(1, 1, 1, 1, 0, 0.25)]
