"""What a run of Part 3 is about: which network learns which language."""

from dataclasses import dataclass

CLASSES = {'anb2n': 2, 'anb2nc3n': 3}  # symbols of each language
MODELS = 'srn', 'lstm'


@dataclass(frozen=True)
class Task:
    """Which network reads which language. Where length or hid is 0, the lab's size takes its place."""

    lang: str = 'anb2n'
    length: int = 0  # most A's in a block
    model: str = 'srn'
    hid: int = 0  # hidden units

    def __post_init__(self):
        usual = 2 if self.lang == 'anb2n' else {'lstm': 3, 'srn': 4}[self.model]
        object.__setattr__(self, 'length', self.length or 4)
        object.__setattr__(self, 'hid', self.hid or usual)

    @property
    def classes(self) -> int:
        """How many symbols the language has."""
        return CLASSES[self.lang]

    @property
    def stem(self) -> str:
        """The first part of the names of this network's files, as in anb2n_srn2_100.pth."""
        return f'{self.lang}_{self.model}{self.hid}'
