from lab.insight.found import holding
from lab.insight.found.step import network
from seq_models import LSTM_model
from tests.insight.test_phases import visits


def test_what_the_gates_made_by_hand_are_for():
    """docs/by_hand.md: the forget gate is open always; in the A's all is let in, in the B's a half."""
    model = LSTM_model(3, 3, 3)
    model.set_weights()
    net = network(model.state_dict())
    found = holding.hold(net, visits(net), 4)
    assert (found.most, found.sequences, len(found.held)) == (4, 40, 3 * 3 * 3 * 4)
    shares = {how: each.right for how, each in found.find('forget', 0, 1).items()}
    assert shares == {'phase': 1, 'mean': 1, '0': 0, '1': 1}  # shut, it forgets all after the first B
    assert found.find('forget', 0, 0)['0'].right == 0.25  # only n = 1 needs no memory of the A before
    half = found.find('input', 0, 1)
    assert (half['phase'].value, half['phase'].right, half['1'].right) == (0.5, 1, 0)
    assert str(half['1']) == "cell 0's input gate held at 1.00 in the B's"
