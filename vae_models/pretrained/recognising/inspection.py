"""What a file or folder is, what was found in it, and the settings that open it; nothing of it is run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.file_kinds import (
    EXPORTED,
    KINDS_OF_WEIGHTS,
    LIGHTNING,
    ONNX,
    FileKind,
    kind_of,
)
from latent_audit.vae_models.pretrained.printable import printable
from latent_audit.vocabulary.machine_errors import raise_machine_error

_NAMED_AT_MOST = 12
_NAME = "mine"


@dataclass(frozen=True)
class Inspection:
    """The result of looking at a path.

    what: the format in words. found: a line on each thing that was found. settings: what to put into a settings file,
    empty if nothing can be opened. missing: what an audit still needs, or why it cannot be opened.
    """

    path: Path
    what: str
    found: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = None
    missing: tuple[str, ...] = ()


def inspect_model(path: Path) -> Inspection | None:
    """Returns what a model's file or folder is; None if the format is not known as one of a model.

    Raises OSError for a path that cannot be read.
    """
    kind = kind_of(path)
    if kind is None:
        return None
    seen = Inspection(path, kind.name)
    look = _OF_LIBRARIES.get(kind.kind or "", _LOOKS.get(kind))
    if look is None:
        return replace(seen, missing=(kind.taken_by,))
    try:
        return look(seen)
    except BadCheckpoint as error:
        return replace(seen, missing=(str(error),))
    except Exception as error:  # a foreign file can fail in any way
        raise_machine_error(error)
        reason = (str(error) or type(error).__name__).split("\n")[0]
        return replace(seen, missing=(f"it cannot be read: {printable(reason)}",))


def _weights(seen: Inspection) -> Inspection:
    from latent_audit.vae_models.pretrained.recognising.weights_by_shape import fits
    from latent_audit.vae_models.pretrained.state_dict_files import entry_of, read_state_dict

    entry = entry_of(seen.path)
    tensors = read_state_dict(seen.path, entry)
    found = [f"{len(tensors)} tensors, {sum(tensor.numel() for tensor in tensors.values()):,} numbers"]
    if entry is not None:
        found.append(f"they are in its entry {printable(entry)}")
    shown = list(tensors.items())[:_NAMED_AT_MOST]
    found += [
        f"  {printable(name)}: {'x'.join(map(str, tensor.shape)) or 'one number'}" for name, tensor in shown
    ]
    if len(tensors) > len(shown):
        found.append(f"  and {len(tensors) - len(shown)} more")
    ways = fits(tensors)
    if not ways and kind_of(seen.path) == LIGHTNING:
        lightning = {"kind": "lightning", "path": str(seen.path), "entrypoint": "MODULE:FUNCTION"}
        return replace(
            seen,
            found=tuple(found),
            settings={"models": {_NAME: lightning}},
            missing=(
                "the function that makes the module of these weights: entrypoint",
                "images and their attributes: section data",
            ),
        )
    if not ways:
        return replace(
            seen,
            found=tuple(found),
            missing=(
                "the shapes fit none of our networks, and weights do not say how their network computes: use kind "
                "entrypoint with a function that makes the model, or export encoder and decoder as pt2 or ONNX",
            ),
        )
    shapes = sorted({way.image_shape for way in ways})
    networks = sorted({f"{way.network} with {way.latent_dim} dimensions" for way in ways})
    layouts = sorted({way.posterior_layout for way in ways})
    found.append(f"fits our network {' or '.join(networks)}")
    found.append(
        f"images: {' or '.join('x'.join(map(str, shape)) for shape in shapes)} (channels, height, width)"
    )
    found.append(f"means and log variances: {' or '.join(layouts)}; tried on images when it is audited")
    model: dict[str, Any] = {"kind": "checkpoint", "path": str(seen.path)}
    if entry is not None:
        model["entry"] = entry
    settings: dict[str, Any] = {"models": {_NAME: model}}
    if len(shapes) == 1:
        settings["data"] = {"image_size": shapes[0][1]}
    return replace(
        seen, found=tuple(found), settings=settings, missing=("images and their attributes: section data",)
    )


def _program(seen: Inspection) -> Inspection:
    from latent_audit.vae_models.pretrained.exported_programs import OpenedProgram

    # It refuses what is no program of tensor operations.
    return _half(seen, "exported_programs", "pt2", OpenedProgram(seen.path, "model").input_rank)


def _onnx(seen: Inspection) -> Inspection:
    from latent_audit.vae_models.pretrained.onnx_files.onnx_model import OnnxHalf

    return _half(seen, "onnx", "onnx", OnnxHalf(seen.path).input_rank)


def _diffusers(seen: Inspection) -> Inspection:
    from latent_audit.vae_models.pretrained.libraries.diffusers_model import checked_config
    from latent_audit.vae_models.pretrained.libraries.diffusers_settings import DiffusersSettings

    files = DiffusersSettings(path=seen.path).given_files()
    name, arguments = checked_config(Path(files["config"]))
    channels, levels = arguments.get("in_channels", 3), len(arguments.get("block_out_channels", [1]))
    found = f"{name}, images of {channels} channels, sides that {2 ** (levels - 1)} divides"
    return _of_library(seen, "diffusers", (found,), {})


def _pythae(seen: Inspection) -> Inspection:
    from latent_audit.vae_models.pretrained.libraries.pythae_model import checked_config
    from latent_audit.vae_models.pretrained.libraries.pythae_settings import PythaeSettings

    name, latent_dim, shape = checked_config(Path(PythaeSettings(path=seen.path).given_files()["config"]))
    found = (
        f"{name} with {latent_dim} dimensions, images {'x'.join(map(str, shape))} (channels, height, width)"
    )
    return _of_library(seen, "pythae", (found,), {"data": {"image_size": shape[1]}})


def _of_library(
    seen: Inspection, kind: str, found: tuple[str, ...], settings: Mapping[str, Any]
) -> Inspection:
    model = {"kind": kind, "path": str(seen.path)}
    return replace(
        seen,
        found=(*found, f"opened with the extra {kind}: pip install latent-audit[{kind}]"),
        settings={"models": {_NAME: model}, **settings},
        missing=("images and their attributes: section data",),
    )


def _half(seen: Inspection, kind: str, suffix: str, rank: int | None) -> Inspection:
    part, other = ("encoder", "decoder") if rank == 4 else ("decoder", "encoder")
    model = {"kind": kind, part: str(seen.path), other: f"{other.upper()}.{suffix}"}
    return replace(
        seen,
        found=(
            "operations on tensors alone",
            f"its input has {rank if rank else 'unknown'} axes; it is taken for {_article(part)}",
        ),
        settings={"models": {_NAME: model}},
        missing=(
            f"the {other} as a file of its own"
            + ("; leave it out for a model that only encodes" if part == "encoder" else ""),
            "images and their attributes: section data",
        ),
    )


def _article(part: str) -> str:
    return f"an {part}" if part[0] in "aeiou" else f"a {part}"


_LOOKS: Mapping[FileKind, Callable[[Inspection], Inspection]] = {
    **dict.fromkeys(KINDS_OF_WEIGHTS, _weights),
    EXPORTED: _program,
    ONNX: _onnx,
}
# By the setting that takes a folder of a library.
_OF_LIBRARIES: Mapping[str, Callable[[Inspection], Inspection]] = {
    "diffusers": _diffusers,
    "pythae": _pythae,
}
