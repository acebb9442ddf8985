"""Fits a state_dict from elsewhere to one of our networks: names, shapes, and the order of mean and variance."""

from collections import Counter
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from latent_audit.vae_models.components.choices import PosteriorLayout
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.printable import printable

# What `separate` calls the two last layers of an encoder.
SEPARATE = ("encoder.mean", "encoder.log_variance")
_NAMED_AT_MOST = 40
_SHAPES_AT_MOST = 4
# Parts of names by which the writer of a checkpoint is known.
_FAMILIES = (
    ("encoder.down_blocks.", "Diffusers' AutoencoderKL"),
    ("encoder.embedding.", "pythae"),
    ("encoder.log_var.", "pythae"),
)


def fit_state_dict(
    found: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    names: Mapping[str, str],
    left_out: Sequence[str],
    layout: PosteriorLayout,
    source: str,
) -> dict[str, Tensor]:
    """Returns the tensors of `found` under the names of `expected`, float32, means before log variances.

    names: beginnings of names, theirs to ours; the longest that fits is used. source: what errors call the
    file. Raises BadCheckpoint with every name that is missing or unexpected and every shape that differs.
    """
    kept = {
        name: tensor for name, tensor in found.items() if not any(_begins(name, part) for part in left_out)
    }
    named = _renamed(kept, names, source)
    last = _last_layer(expected)
    if layout == "separate":
        named = _joined(named, last, source)
    _refuse_misfits(named, expected, source)
    fitted = {name: named[name].to(torch.float32) for name in expected}
    if layout == "interleaved":
        for name in (f"{last}.weight", f"{last}.bias"):
            fitted[name] = torch.cat([fitted[name][0::2], fitted[name][1::2]])
    return fitted


def _renamed(found: Mapping[str, Tensor], names: Mapping[str, str], source: str) -> dict[str, Tensor]:
    renamed: dict[str, Tensor] = {}
    for name, tensor in found.items():
        theirs = max((part for part in names if _begins(name, part)), key=len, default=None)
        ours = name if theirs is None else names[theirs] + name[len(theirs) :]
        if ours in renamed:
            raise BadCheckpoint(
                f"two tensors of {source} are both named {printable(ours)} after `names`; one is {printable(name)}"
            )
        renamed[ours] = tensor
    return renamed


def _begins(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


def _last_layer(expected: Mapping[str, Tensor]) -> str:
    """Returns the name of the encoder's last layer, whose outputs are means and log variances."""
    return [name for name in expected if name.startswith("encoder.")][-1].rpartition(".")[0]


def _joined(named: dict[str, Tensor], last: str, source: str) -> dict[str, Tensor]:
    joined = dict(named)
    for part in ("weight", "bias"):
        halves = [joined.pop(f"{layer}.{part}", None) for layer in SEPARATE]
        mean, log_variance = halves
        if mean is None or log_variance is None:
            raise BadCheckpoint(
                f"with posterior_layout separate, `names` must name the layers of {source} that are "
                f"{' and '.join(SEPARATE)}; after `names` it holds {_listed(named)}"
            )
        joined[f"{last}.{part}"] = torch.cat([mean, log_variance])
    return joined


def _refuse_misfits(named: Mapping[str, Tensor], expected: Mapping[str, Tensor], source: str) -> None:
    problems = []
    missing = [f"{name} {_shape(tensor)}" for name, tensor in expected.items() if name not in named]
    if missing:
        problems.append(f"missing: {_listed(missing)}")
    unexpected = [f"{name} {_shape(tensor)}" for name, tensor in named.items() if name not in expected]
    if unexpected:
        problems.append(f"unexpected: {_listed(unexpected)}")
    both = [name for name in expected if name in named]
    problems += [
        f"{name} has the shape {_shape(named[name])}, and {_shape(expected[name])} is needed"
        for name in both
        if named[name].shape != expected[name].shape
    ]
    unusable = [
        name for name in both if not (named[name].is_floating_point() and bool(named[name].isfinite().all()))
    ]
    if unusable:
        problems.append(f"not finite numbers: {_listed(unusable)}")
    if problems:
        raise BadCheckpoint(
            f"{source} does not fit the network:\n  - "
            + "\n  - ".join(problems)
            + f"\n{_way_on(named, expected, source)}"
        )


def _way_on(named: Mapping[str, Tensor], expected: Mapping[str, Tensor], source: str) -> str:
    """Says what may help: a map of names, where the shapes allow one; another kind of setting, where they do not."""
    there = Counter(tuple(tensor.shape) for tensor in named.values())
    lacking = Counter(tuple(tensor.shape) for tensor in expected.values()) - there
    if lacking.total() <= len(expected) / 2:  # such as another size of images or of the code
        return (
            "Name its tensors after ours with `names`, leave out what is not needed with `left_out`, and look at "
            "network, latent_dim and the size of the images"
        )
    shapes = ["x".join(map(str, shape)) or "one number" for shape in lacking]
    shown = ", ".join(shapes[:_SHAPES_AT_MOST]) + (", ..." if len(shapes) > _SHAPES_AT_MOST else "")
    family = next((words for part, words in _FAMILIES if any(part in name for name in named)), None)
    written = f" Its names are those of {family}." if family else ""
    return (
        f"The architecture differs, and no `names` can make it fit: of the {len(expected)} tensors that the network "
        f"needs, {lacking.total()} have a shape that no tensor of {source} has ({shown}). If network, latent_dim and "
        f"the size of the images are those of its training, it is no network of ours.{written} Use kind entrypoint, "
        "with a function that makes the model by its own code and loads these weights, or export encoder and decoder "
        "with torch.export and use kind exported_programs"
    )


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"


def _listed(names: Mapping[str, Tensor] | Sequence[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - _NAMED_AT_MOST} more" if len(shown) > _NAMED_AT_MOST else ""
    return ", ".join(map(printable, shown[:_NAMED_AT_MOST])) + more
