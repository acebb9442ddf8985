"""A model as two exported programs (torch.export, pt2): encoder and decoder, without their source code."""

from pathlib import Path
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor, nn

from latent_audit.vae_models.components.reconstruction import build_reconstruction
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.exported_archive import safe_archive
from latent_audit.vae_models.pretrained.file_kinds import EXPORTED, refuse_other_kinds
from latent_audit.vae_models.pretrained.foreign_model import ForeignModel
from latent_audit.vocabulary.machine_errors import raise_machine_error

if TYPE_CHECKING:
    from latent_audit.vae_models.pretrained.exported_settings import ExportedProgramsSettings


def build_from_programs(
    settings: "ExportedProgramsSettings", image_shape: tuple[int, int, int]
) -> ForeignModel:
    """Returns the model with the weights of its programs; raises BadCheckpoint."""
    places = {part: Path(place) for part, place in settings.given_files().items()}
    programs = nn.ModuleDict({part: OpenedProgram(place, part) for part, place in places.items()})
    return ForeignModel(
        image_shape,
        programs,
        programs["encoder"].forward,
        programs["decoder"].forward if settings.has_decoder else None,
        build_reconstruction(settings.reconstruction, settings.pixel_variance),
        settings.pixel_range,
        f"the programs {' and '.join(place.name for place in places.values())}",
    )


class OpenedProgram(nn.Module):
    """One exported program: a tensor in; a tensor, or several, out."""

    def __init__(self, path: Path, part: str) -> None:
        super().__init__()
        if not path.is_file():
            raise BadCheckpoint(f"there is no exported program at {path}: name the file of the {part}")
        refuse_other_kinds(path, (EXPORTED,), f"an exported program (pt2) of the {part}")
        try:
            with safe_archive(path) as archive:
                program = torch.export.load(archive)
        except BadCheckpoint:
            raise
        except Exception as error:  # a foreign file can fail in as many ways as torch's reader has
            raise_machine_error(error)
            reason = (str(error) or type(error).__name__).split("\n")[0][:300]
            raise BadCheckpoint(f"{path} cannot be opened as an exported program: {reason}") from error
        # Guards are Python text in the file, which would be run; shapes are checked on what comes out instead.
        self.graph = program.module(check_guards=False)
        shapes = [node.meta["val"].shape for node in program.graph.nodes if node.op == "placeholder"]
        self.input_rank = len(shapes[-1]) if shapes else 0

    def forward(self, given: Tensor) -> object:
        """Returns the output of the program."""
        return self.graph(given)

    def train(self, mode: bool = True) -> Self:
        """Does nothing: training or evaluation mode was fixed at the export."""
        self.training = mode
        return self
