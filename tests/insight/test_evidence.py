import numpy as np

from lab.insight.drawn import evidence
from tests.insight.counting import analysed


def test_the_heat_map_shows_the_shares_and_frames_the_smallest_set_that_carries_n():
    found = analysed('learned').shown.interchange
    [axes] = evidence.interchange(found, 'some network').axes
    np.testing.assert_array_equal(axes.images[0].get_array(), found.follows[0])
    assert [text.get_text() for text in axes.get_yticklabels()] == ['0', '1', '0, 1']
    for x, frame in enumerate(axes.lines):
        low, high = frame.get_ydata().min(), frame.get_ydata().max()
        assert found.sets[round((low + high) / 2)] == found.carrier(x)


def test_each_weight_of_the_circuit_is_a_line_with_its_number():
    found = analysed('learned')
    each = found.shown.circuit
    [axes] = evidence.circuit(found.net, each, found.shown, 'some network').axes
    texts = [text.get_text() for text in axes.texts]
    kept = np.concatenate([found.net.parameters['U'].T[each.recurrent.T], found.net.parameters['V'].T[each.output.T]])
    assert [text for text in texts if text.lstrip('-').replace('.', '').isdigit()] == [f'{w:.1f}' for w in kept]
    arrows = [text.arrow_patch for text in axes.texts if getattr(text, 'arrow_patch', None)]
    assert len(arrows) == len(kept)
    order = np.argsort(np.abs(kept[: each.recurrent.sum()]), kind='stable')
    assert (
        np.argsort([arrow.get_linewidth() for arrow in arrows[: len(order)]], kind='stable').tolist() == order.tolist()
    )
    assert 'unit 0' in texts and 'A' in texts and f'{each.recurrent.sum()} of 4 recurrent' in texts[-1]
