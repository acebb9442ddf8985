"""Audits a generator without an encoder: codes are drawn, decoded, and what is read in the images is their label."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError

from latent_audit.tasks.analyses.decoding import Latents
from latent_audit.tasks.analyses.many_dimensions.chosen import (
    CHOSEN_DIMENSIONS,
    MANY_DIMENSIONS,
    choose_dimensions,
)
from latent_audit.tasks.analyses.statistics.sample_rows import draw_rows
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.own.pixel_measures import SMALLEST_SPREAD, measures_in, pixel_values
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.in_memory.codes_audit import CodesResult, CodesSizes, audit_codes
from latent_audit.tasks.in_memory.drawn import Drawn, given_numbers
from latent_audit.tasks.in_memory.given_arrays import as_array
from latent_audit.vae_models.errors import BadCheckpoint
from latent_audit.vae_models.pretrained.entrypoint import made_by
from latent_audit.vae_models.pretrained.entrypoint_settings import EntrypointSettings
from latent_audit.vae_models.pretrained.functions.calls import FlexibleCall
from latent_audit.vae_models.pretrained.functions.code_form import CodeForm
from latent_audit.vocabulary.batches import batches
from latent_audit.vocabulary.machine_errors import raise_machine_error
from latent_audit.vocabulary.reasons import Reason, reason

_FEWEST = 400
_AT_A_TIME = 256
_SIZES = CodesSizes()
Images = NDArray[np.float32]


def audit_generator(
    decode: Callable[[Any], Any],
    read: Callable[[Any], Any] | None = None,
    *,
    dimensions: int | Sequence[int] | None = None,
    sample: Callable[[int], Any] | None = None,
    names: Sequence[str] | None = None,
    rows: int = 3000,
    pixel_range: tuple[float, float] = (0.0, 1.0),
    sizes: CodesSizes = _SIZES,
    seed: int = 0,
) -> CodesResult:
    """Audits a decoder without an encoder, such as the generator of a GAN.

    Codes are drawn and decoded, and what is read in the images is their label. One random half of the codes fits bins,
    readers and choices; association, specificity, swaps and moves are measured on the other. Of a code of more than 256
    dimensions, the 64 that change the picture most when another code's value is put in are audited, chosen on the first
    half. `record["notes"]` says this, and what cannot be said without an encoder.

    Args:
        decode: codes (n, ...) to images (n, c, h, w) in `pixel_range`, the same for the same codes. It is given
            tensors, or arrays if it does not take tensors.
        read: images float32 (n, c, h, w) in [0, 1] to numbers (n, k): an attribute classifier, or any function. None
            measures brightness, contrast, place, extent, detail and colour in the pixels.
        dimensions: size or shape of a code, which is drawn from a standard normal.
        sample: in place of `dimensions`: a count to so many codes, where the prior is another one.
        names: of the columns that `read` returns.
        rows: codes that are drawn.
        pixel_range: what black and white are to the decoder.
        sizes: how much is drawn for p-values and intervals.
        seed: of codes, halves, permutations and draws.

    Returns:
        Tables as of an audit of codes, `where` and `verdicts` with what moves and swaps did in the images.

    Raises:
        UsageError: functions that do not fit together, or a decoder that draws another image of the same code.

    Source:
        Rules and references of the checks: docs/evidence.md.

    Example:
        >>> import numpy as np
        >>> def decode(codes):
        ...     light = 1 / (1 + np.exp(-codes[:, 0]))
        ...     return np.tile(light[:, None, None, None], (1, 1, 16, 16))
        >>> small = CodesSizes(permutations=100, bootstraps=100, boosting_iterations=5, map_rows=100)
        >>> result = audit_generator(decode, lambda images: images.mean((1, 2, 3)), dimensions=2, names=["light"],
        ...                          rows=600, sizes=small)
        >>> result.where[["attribute", "place", "members"]].values.tolist()
        [['light', 'dimension', 'z0']]
    """
    codes, form = _codes(dimensions, sample, rows, seed)
    whole = _Decoder(decode, form, pixel_range)
    tried = draw_rows(len(codes), sizes.tried_codes, seed, "codes decoded twice")
    attributes, reader, readings = _readings(whole, codes, read, names, tried)
    kept = readings.std(axis=0) >= (SMALLEST_SPREAD if read is None else 1e-9)
    if not kept.any():
        raise UsageError(
            "all that is read is the same in every image, so there is nothing to audit: has decode its trained weights?"
        )
    named = [one for one, keep in zip(attributes, kept, strict=True) if keep]

    def drawn_of(fit: NDArray[np.int64], test: NDArray[np.int64]) -> Drawn:
        values = readings[fit][:, kept]
        chosen = choose_dimensions(codes[fit], lambda latents, _: whole(latents), seed)
        return Drawn(
            named,
            whole,
            lambda images: reader(images)[:, kept],
            None if chosen is None else chosen.dimensions,
            codes[test],
            values.mean(axis=0),
            np.maximum(values.std(axis=0), 1e-12),
        )

    return audit_codes(
        [codes],
        {one.name: readings[:, k] for k, one in enumerate(attributes) if kept[k]},
        types={one.name: "continuous" for one in named},
        sizes=sizes,
        seed=seed,
        names=form.names,
        drawn_of=drawn_of,
        notes=_notes(codes.shape[1], len(codes), read is None),
    )


def made_generator(function: str, folder: Path) -> dict[str, Any]:
    """Returns the arguments of `audit_generator` that a user's own function gives: package.module:function.

    Raises UsageError if it cannot be called, or returns no object with decode, and dimensions or sample.
    """
    try:
        made = made_by(EntrypointSettings(entrypoint=function, folder=folder), {})
    except ValidationError as error:
        raise UsageError(f"--generator must be package.module:function, got {function!r}") from error
    except BadCheckpoint as error:
        raise UsageError(str(error)) from error
    if not callable(getattr(made, "decode", None)):
        raise UsageError(f"{function} must return an object with decode(codes), got a {type(made).__name__}")
    known = ("decode", "read", "dimensions", "sample", "names", "pixel_range")
    return {name: value for name in known if (value := getattr(made, name, None)) is not None}


class _Decoder:
    """Whole codes float32 (n, d) to images float32 (n, c, h, w) in [0, 1]."""

    def __init__(
        self, decode: Callable[[Any], Any], form: CodeForm, pixel_range: tuple[float, float]
    ) -> None:
        self._call, self._form = FlexibleCall(decode), form
        self._black, self._white = pixel_range
        if not self._black < self._white:
            raise UsageError(f"pixel_range must be black and white, black the smaller, got {pixel_range}")

    def __call__(self, codes: Latents) -> Images:
        try:
            with torch.no_grad():
                images = self._call(self._form.restored(torch.from_numpy(codes)))
        except Exception as error:  # code that is not ours can fail in any way
            raise_machine_error(error)
            raise UsageError(
                f"decode failed for codes {codes.shape}: {type(error).__name__}: {str(error)[:300]}"
            ) from error
        if (
            not isinstance(images, torch.Tensor)
            or images.ndim != 4
            or len(images) != len(codes)
            or images.shape[1] not in (1, 3)
        ):
            shape = tuple(images.shape) if isinstance(images, torch.Tensor) else type(images).__name__
            raise UsageError(
                f"decode must return images (n, c, h, w) with 1 or 3 channels for codes {codes.shape}, got {shape}"
            )
        scaled = (images.float().cpu().numpy() - self._black) / (self._white - self._black)
        if not np.isfinite(scaled).all():
            raise UsageError("decode returned pixels that are NaN or infinite")
        return np.clip(scaled, 0.0, 1.0).astype(np.float32)


def _codes(
    dimensions: int | Sequence[int] | None, sample: Callable[[int], Any] | None, rows: int, seed: int
) -> tuple[Latents, CodeForm]:
    """Returns codes (rows, d) from the prior or the sampler, and the form in which the decoder takes them."""
    if (dimensions is None) == (sample is None):
        raise UsageError("give either dimensions, for codes from a standard normal, or sample")
    if rows < _FEWEST:
        raise UsageError(f"rows must be at least {_FEWEST}, got {rows}")
    if sample is None:
        shape = (dimensions,) if isinstance(dimensions, int) else tuple(dimensions or ())
        if not shape or min(shape) < 1:
            raise UsageError(f"dimensions must be a size or a shape of positive numbers, got {dimensions}")
        drawn = np.random.default_rng([seed, *b"prior"]).normal(size=(rows, *shape))
    else:
        given = sample(rows)
        drawn = as_array(given)
        if drawn.ndim < 2 or len(drawn) != rows or drawn.dtype.kind not in "buif":
            raise UsageError(
                f"sample({rows}) must return {rows} codes of numbers, got {drawn.dtype} of shape {drawn.shape}"
            )
    levels = torch.from_numpy(np.ascontiguousarray(drawn, np.float32))
    return levels.flatten(1).numpy(), CodeForm.of([levels])


def _readings(
    whole: _Decoder,
    codes: Latents,
    read: Callable[[Any], Any] | None,
    names: Sequence[str] | None,
    tried: NDArray[np.int64],
) -> tuple[list[Attribute], Callable[[Images], NDArray[np.float64]], NDArray[np.float64]]:
    """Returns what is read, the reader, and its readings (n, k) of the images of the codes.

    tried: rows that are decoded twice.
    """
    first = whole(codes[tried])
    if not np.array_equal(first, whole(codes[tried])):
        raise UsageError(
            "decode gives other images for the same codes: switch dropout off, and fix the noise that it adds"
        )
    reader: Callable[[Images], NDArray[np.float64]]
    if read is None:
        if names is not None:
            raise UsageError("names are of what read returns: give read too")
        reader, attributes = pixel_values, list(measures_in(first.shape[1]))
    else:
        reader = _reader(FlexibleCall(read))
        columns = reader(first).shape[1]
        listed = [f"reading {k}" for k in range(columns)] if names is None else list(names)
        if len(listed) != columns or len(set(listed)) != columns:
            raise UsageError(f"read returns {columns} columns, and names must name each once, got {listed}")
        attributes = [Attribute(name, "continuous", description="as read in drawn images") for name in listed]
    parts = [reader(whole(codes[some])) for some in batches(len(codes), _AT_A_TIME)]
    return attributes, reader, np.concatenate(parts)


def _reader(call: FlexibleCall) -> Callable[[Images], NDArray[np.float64]]:
    def reader(images: Images) -> NDArray[np.float64]:
        with torch.no_grad():
            found = given_numbers(call(torch.from_numpy(images)), len(images))
        if found is None or not np.isfinite(found).all():
            raise UsageError(f"read must return finite numbers ({len(images)}, k) for as many images")
        return found

    return reader


def _notes(count: int, rows: int, measured: bool) -> list[Reason]:
    found = [
        reason("generator.no_encoder", rows=f"{rows:,}"),
        reason("generator.measured" if measured else "generator.readings"),
        reason("generator.one"),
    ]
    if count > MANY_DIMENSIONS:
        found.append(reason("generator.chosen", chosen=str(CHOSEN_DIMENSIONS), count=f"{count:,}"))
    return found
