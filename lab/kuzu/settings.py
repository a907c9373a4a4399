"""What the flags of kuzu_main.py come to. Nothing here loads a slow package."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What decides the outcome of a run, beside the network and the data. Its fields are saved in the .resume file."""

    seed: int | None  # None until one is drawn
    dataset: str
    images: int  # to train on; 0 until the data is loaded
    epochs: int = 10
    batch: int = 64
    shuffle: bool = False
    recipe: str = 'classic'
    optim: str = 'sgd'
    lr: float = 0.01
    mom: float = 0.5


@dataclass(frozen=True)
class Run:
    """One network to train: its kind (lin, full or conv), the name of its files, and the arguments of its class."""

    kind: str
    name: str
    shape: dict


@dataclass(frozen=True)
class Options:
    """All that a user can choose."""

    runs: list[Run]
    settings: Settings
    chosen: bool  # whether the user chose a recipe, or part of one; else --resume takes the earlier run's
    data_path: str
    out_path: str
    plot_path: str
    resume: bool
    threads: int | None  # None: what is fastest for each network
    no_cuda: bool
