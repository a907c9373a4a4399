"""picture.py: files are JPGs, the same each time, and nothing opens or blocks without a display."""

from lab.common import picture


def test_the_same_figure_is_the_same_file(tmp_path):
    for name in 'first.jpg', 'second.jpg':
        figure = picture.new(2, 1)
        figure.subplots().plot([1, 2, 4])
        picture.save(figure, str(tmp_path / name))
    data = (tmp_path / 'first.jpg').read_bytes()
    assert data[:3] == b'\xff\xd8\xff' and data == (tmp_path / 'second.jpg').read_bytes()


def test_without_a_display_show_returns_at_once(monkeypatch):
    monkeypatch.delenv('DISPLAY', raising=False)
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    picture.has_windows.cache_clear()
    picture.new(1, 1)
    assert not picture.has_windows()
    picture.show()
