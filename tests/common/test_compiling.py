"""compiling.py: a compiled function is kept where it can be, and works where it cannot."""

import pytest

from lab.common import compiling


@pytest.mark.parametrize('writable', [True, False])
def test_functions_are_compiled_whether_they_can_be_kept_or_not(writable, monkeypatch):
    asked = []

    def njit(**options):
        asked.append(options)
        if options.get('cache') and not writable:
            raise RuntimeError('cannot cache function: no locator available')
        return lambda function: function

    monkeypatch.setattr(compiling, 'njit', njit)
    assert compiling.compiled(fastmath=True)(abs)(-3) == 3
    kept, anew = {'fastmath': True, 'cache': True}, {'fastmath': True}
    assert asked == ([kept] if writable else [kept, anew])
