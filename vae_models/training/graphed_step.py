"""A training step recorded once as a CUDA graph and replayed: one launch instead of hundreds.

At batch 64 a VAE's step is 150 to 250 launches for microseconds of work, so launches limit the speed of a GPU.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Generator, Tensor

Step = Callable[[Tensor], Mapping[str, Tensor]]

# Calls before recording, so that libraries have chosen their kernels and optimisers made their state.
_CALLS_BEFORE = 3


class GraphedStep:
    """Calls `step` with images on a CUDA device, from the fourth call on as a graph.

    `step` must do the same every time but for the images and draws of `generators`: recorded, its Python is gone.
    """

    def __init__(self, step: Step, generators: Sequence[Generator]) -> None:
        self._step, self._generators = step, generators
        self._calls = 0
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, images: Tensor) -> dict[str, Tensor]:
        """Returns the scalars of one step."""
        if self._calls < _CALLS_BEFORE:
            self._calls += 1
            return self._beside(images)
        if self._graph is None:
            self._record(images)
        assert self._graph is not None
        self._images.copy_(images)
        self._graph.replay()
        return {name: tensor.clone() for name, tensor in self._found.items()}

    def _beside(self, images: Tensor) -> dict[str, Tensor]:
        """Runs steps before a recording on another than the default stream, as CUDA requires."""
        here, beside = torch.cuda.current_stream(), torch.cuda.Stream()
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            found = dict(self._step(images))
        here.wait_stream(beside)
        return found

    def _record(self, images: Tensor) -> None:
        graph = torch.cuda.CUDAGraph()
        for generator in self._generators:
            graph.register_generator_state(generator)
        self._images = images.clone()
        with torch.cuda.graph(graph):
            self._found = self._step(self._images)
        self._graph = graph
