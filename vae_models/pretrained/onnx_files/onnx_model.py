"""Opens a model as two ONNX files and runs it with onnxruntime, on the CPU and one thread."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from latent_audit.vae_models.components.reconstruction import build_reconstruction
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.foreign_model import ForeignModel
from latent_audit.vae_models.pretrained.onnx_files.onnx_check import checked_model
from latent_audit.vocabulary.machine_errors import raise_machine_error

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.onnx_files.onnx_settings import OnnxSettings

_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}


def open_onnx(settings: "OnnxSettings", image_shape: tuple[int, int, int]) -> ForeignModel:
    """Returns the model. Raises BadCheckpoint for files that are not operations on tensors, and where the extra that
    runs them is not installed.
    """
    encoder = OnnxHalf(settings.encoder)
    decoder = None if settings.decoder is None else OnnxHalf(settings.decoder)
    names = " and ".join(Path(place).name for place in settings.given_files().values())
    return ForeignModel(
        image_shape,
        nn.ModuleDict(),
        encoder.run,
        None if decoder is None else decoder.run,
        build_reconstruction(settings.reconstruction, settings.pixel_variance),
        settings.pixel_range,
        f"the ONNX files {names}",
        settings.returns,
    )


class OnnxHalf:
    """An ONNX file with one input. input_rank: its number of axes; None if it is not said."""

    def __init__(self, path: Path) -> None:
        content = checked_model(path)
        try:
            import onnxruntime
        except ImportError as error:
            raise BadCheckpoint(
                "onnxruntime is not installed: install the extra `onnx`, as in pip install latent-audit[onnx]"
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what fails is raised, and said once
        try:
            # From bytes: a file that the model names beside it is not looked for.
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # a foreign file can fail in as many ways as onnxruntime has
            raise_machine_error(error)
            raise BadCheckpoint(f"{path} cannot be opened by onnxruntime: {_first_line(error)}") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in _TYPES:
            found = ", ".join(f"{one.name} {one.type}" for one in inputs)
            raise BadCheckpoint(
                f"{path} must have one input, a tensor of floating-point numbers; it has {found or 'none'}: export "
                "encoder and decoder alone, with every other input filled in"
            )
        self._name, self._type = inputs[0].name, _TYPES[inputs[0].type]
        self.input_rank = len(inputs[0].shape) if inputs[0].shape else None

    def __deepcopy__(self, _: dict[int, Any]) -> "OnnxHalf":
        """Returns itself: a session holds nothing that a copy of a model could change, and cannot be copied."""
        return self

    def run(self, given: Any) -> Any:
        """Returns the output as an array, or several as a list."""
        array: NDArray[Any] = np.asarray(given).astype(self._type, copy=False)
        outputs = self._session.run(None, {self._name: np.ascontiguousarray(array)})
        return outputs[0] if len(outputs) == 1 else list(outputs)


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).split("\n")[0][:300]
