"""Parts of an audit as plain functions: arrays in, a table out, for codes of any encoder and models of any library."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from latent_audit.reports.page.messages import english
from latent_audit.tasks.analyses.checks import association as association_check
from latent_audit.tasks.analyses.places.interchange import Interchange
from latent_audit.tasks.analyses.places.pairs import MIN_PAIRS, draw_pairs
from latent_audit.tasks.analyses.places.swaps import DimensionSwap
from latent_audit.tasks.analyses.scores import disentanglement_scores
from latent_audit.tasks.analyses.scores.factor_levels import factor_levels
from latent_audit.tasks.analyses.statistics.estimates import Estimate
from latent_audit.tasks.analyses.statistics.sample_rows import Rows, class_columns, hold_out
from latent_audit.tasks.datasets.tables.column_types import TypedColumns
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.in_memory.columns import as_attributes
from latent_audit.tasks.in_memory.files import read_codes
from latent_audit.tasks.in_memory.given_arrays import as_array

_HALF = 0.5
_FEWEST_ROWS = 40
_SMALLEST, _LARGEST = 1e-30, 1e30  # of codes in single precision


def halves_of(typed: TypedColumns, seed: int) -> tuple[Rows, Rows]:
    """Returns the rows of two random halves with equal shares of classes: one to fit on, one to score on."""
    classes = class_columns(typed.attributes, typed.values)
    return hold_out(len(typed.values), _HALF, seed, "halves of codes", classes=classes)


def association(
    codes: Any,
    attributes: Any,
    *,
    types: Mapping[str, Any] | None = None,
    permutations: int = 2000,
    bootstraps: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Measures how much each dimension of a code tells about each attribute (check A).

    Bins are fitted on one random half of the rows, and everything is measured on the other.

    Args:
        codes: array or tensor (n, d), or (n, ...), one code a row; or the path of a .npy file, CSV or parquet table.
        attributes: DataFrame, mapping of columns or array (n, k); or the path of a CSV or parquet table.
        types: types that replace inferred ones, as for `audit`.
        permutations: label permutations behind the p-values.
        bootstraps: draws behind the 95 % intervals.
        seed: of the halves, permutations and draws.

    Returns:
        A row for each attribute and dimension: `uncertainty`, the uncertainty coefficient (0 to 1), `low` and `high`,
        its 95 % interval, `p_adjusted`, the family-wise p-value over all rows, and `n`, the rows measured on.

    Raises:
        UsageError, DataError: codes or attributes that cannot be used.

    Source:
        Theil 1970 (uncertainty coefficient); Westfall and Young 1993 (max-T); rules: docs/evidence.md.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> size = rng.normal(size=600)
        >>> codes = np.stack([size + 0.1 * rng.normal(size=600), rng.normal(size=600)], axis=1)
        >>> table = association(codes, {"size": size}, permutations=200, bootstraps=100)
        >>> table[["attribute", "dimension"]].values.tolist()
        [['size', 'z0'], ['size', 'z1']]
        >>> [bool(p <= 0.05) for p in table["p_adjusted"]]
        [True, False]
    """
    rows = codes_of(codes)
    typed = as_attributes(attributes, len(rows), types or {})
    fit, test = halves_of(typed, seed)
    found = association_check.compute(
        typed.attributes,
        rows[fit],
        typed.values[fit],
        rows[test],
        typed.values[test],
        seed,
        permutations,
        bootstraps,
    )
    return pd.DataFrame(
        {
            "attribute": name,
            "dimension": f"z{dimension}",
            "uncertainty": found.uncertainty[k, dimension],
            "low": found.low[k, dimension],
            "high": found.high[k, dimension],
            "p_adjusted": found.p_adjusted[k, dimension],
            "n": found.n,
        }
        for k, name in enumerate(found.attributes)
        for dimension in range(rows.shape[1])
    )


def scores(
    codes: Any,
    factors: Any,
    *,
    types: Mapping[str, Any] | None = None,
    has_factor_grid: bool = False,
    predictor_images: int = 2000,
    bootstraps: int = 50,
    seed: int = 0,
) -> pd.DataFrame:
    """Computes MIG, DCI, SAP, modularity, explicitness, IRS and the other disentanglement scores of a code.

    Predictors are fitted on one random half of the rows, and everything is scored on the other.

    Args:
        codes: array or tensor (n, d), or (n, ...), one code a row; or a path, as for `association`.
        factors: DataFrame, mapping of columns or array (n, k), discrete or continuous. A factor of more than 40 values
            is cut at its deciles.
        types: types that replace inferred ones, as for `audit`.
        has_factor_grid: whether the factors vary independently on a full grid; the FactorVAE and beta-VAE scores need
            that.
        predictor_images: most rows that predictors are fitted on.
        bootstraps: draws behind the 95 % intervals.
        seed: of the halves, predictors and draws.

    Returns:
        A row for each score, by its name: `value` with `low`, `high` and `n`, or the reason why it is `not_applicable`.
        Scores are without unit, most of them 0 to 1; total correlation and mutual information are in nats.

    Raises:
        UsageError, DataError: codes or factors that cannot be used.

    Source:
        Each score's own function below names its paper; intervals: the bootstrap over rows.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> factors = rng.integers(4, size=(800, 2))
        >>> codes = factors + 0.05 * rng.normal(size=(800, 2))
        >>> float(scores(codes, factors, bootstraps=10).loc["mig", "value"]) > 0.9
        True
    """
    rows = codes_of(codes)
    typed = as_attributes(factors, len(rows), types or {})
    fit, test = halves_of(typed, seed)
    levels = [factor_levels(typed.attributes, typed.values[fit], typed.values[part]) for part in (fit, test)]
    found = disentanglement_scores.compute(
        rows[fit],
        levels[0],
        rows[test],
        levels[1],
        seed,
        has_factor_grid,
        resamples=bootstraps,
        predictor_images=predictor_images,
    )
    return pd.DataFrame.from_dict(
        {
            name: {"value": s.value, "low": s.low, "high": s.high, "n": s.n, "not_applicable": ""}
            if isinstance(s, Estimate)
            else {
                "value": None,
                "low": None,
                "high": None,
                "n": None,
                "not_applicable": english(s.not_applicable),
            }
            for name, s in found.items()
        },
        orient="index",
    )


def interchange(
    codes: Any,
    labels: Any,
    read: Callable[[NDArray[np.float32]], Any],
    dimensions: Sequence[int],
    target: str | int,
    *,
    pairs: int = 1000,
    permutations: int = 2000,
    bootstraps: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Swaps dimensions between random pairs of codes, and measures which labels follow and which stay (check C).

    Args:
        codes: array or tensor (n, d) of images that nothing was fitted on.
        labels: DataFrame or array (n, k) of numbers: true values of the attributes.
        read: codes float32 (m, d) -> (m, k): what an independent classifier reads in the decoded images, in the unit of
            the labels.
        dimensions: the dimensions that are swapped together.
        target: the label that should follow, by name or column.
        pairs: most pairs; every code is in one at most.
        permutations: of donors among the pairs, behind the p-value.
        bootstraps: draws behind the 95 % intervals.
        seed: of pairs, permutations and draws.

    Returns:
        A row for each label: its role, `cause` for the target (0: unmoved, 1: as in the donor's own image) and `kept`
        for each other one (1: as in the base), with intervals; intervals of `kept` hold for all labels together.

    Raises:
        UsageError: fewer than 200 codes, or arguments that do not fit together.

    Source:
        Geiger et al. 2021 (interchange interventions); Huang et al. 2024 (cause and kept); rules: docs/evidence.md.

    Example:
        >>> import numpy as np
        >>> codes = np.random.default_rng(0).normal(size=(1000, 2)).astype("float32")
        >>> table = interchange(codes, codes, lambda z: z, [0], 0, permutations=100, bootstraps=100)
        >>> table["role"].tolist(), table["value"].round(2).tolist()
        (['cause', 'kept'], [1.0, 1.0])
    """
    rows = codes_of(codes)
    frame = labels if isinstance(labels, pd.DataFrame) else pd.DataFrame(np.asarray(labels))
    names = [str(name) for name in frame.columns]
    values = frame.to_numpy(dtype=np.float64)
    chosen = tuple(dimensions)
    if len(values) != len(rows) or not np.isfinite(values).all():
        raise UsageError(f"labels must be finite numbers, a row for each of the {len(rows):,} codes")
    if len(rows) < 2 * MIN_PAIRS:
        raise UsageError(f"{len(rows):,} codes are too few to swap: at least {2 * MIN_PAIRS} are needed")
    if str(target) not in names:
        raise UsageError(f"there is no label {target!r}; the labels are {', '.join(names)}")
    if not chosen or not set(chosen) <= set(range(rows.shape[1])):
        raise UsageError(f"dimensions must be some of 0 to {rows.shape[1] - 1}, got {list(chosen)}")
    spread = np.maximum(values.std(axis=0), 1e-12)

    def respond(latents: NDArray[np.float32], _: NDArray[np.int64]) -> NDArray[np.float32]:
        readings = _numbers(read(latents))
        if readings.shape != (len(latents), len(names)):
            raise UsageError(
                f"read must return {len(names)} columns, one a label, for each of {len(latents)} codes; got "
                f"{readings.shape}"
            )
        return (readings / spread).astype(np.float32)

    tried = Interchange(
        names,
        [[k] for k in range(len(names))],
        values / spread,
        rows,
        draw_pairs(len(rows), pairs, seed),
        respond,
        [True] * len(names),
        bootstraps,
        seed,
    )
    place = names.index(str(target))
    readings = tried.readings("swap", DimensionSwap(chosen))
    swapped = tried.measure(readings, [place])
    (p_value,) = tried.p_values([(place, readings)], permutations)
    found = [("cause", cause, p_value) for cause in swapped.causes] + [
        ("kept", kept, None) for kept in swapped.kept
    ]
    return pd.DataFrame(
        {
            "label": one.attribute,
            "role": role,
            "value": one.estimate.value,
            "low": one.estimate.low,
            "high": one.estimate.high,
            "p_value": p,
            "pairs": one.estimate.n,
        }
        for role, one, p in found
    )


def codes_of(given: Any) -> NDArray[np.float32]:
    """Returns codes float32 (n, d) of an array or the path of a file; of any shape, a row of numbers each.

    Raises UsageError and DataError.
    """
    rows = _numbers(read_codes(Path(given)) if isinstance(given, str | Path) else given)
    if len(rows) < _FEWEST_ROWS:
        raise UsageError(f"{len(rows)} codes are too few: at least {_FEWEST_ROWS} are needed")
    return rows


def _numbers(given: Any) -> NDArray[np.float32]:
    """Returns an array or tensor (n, ...) as finite numbers float32 (n, d)."""
    array = as_array(given)
    if array.ndim < 2 or array.dtype.kind not in "buif":
        raise UsageError(
            f"codes must be an array of numbers (n, d), got {array.dtype} of shape {array.shape}"
        )
    if not array.size:
        raise UsageError(f"codes must have rows and dimensions, got an array of shape {array.shape}")
    if not np.isfinite(array).all():
        raise UsageError("codes hold NaN or infinite numbers")
    sizes = np.abs(array[array != 0])
    if sizes.size and not _SMALLEST <= sizes.max() <= _LARGEST:
        raise UsageError(
            f"codes must lie between {_SMALLEST:g} and {_LARGEST:g} in size, got at most {sizes.max():g}: scale them"
        )
    rows = array.reshape(len(array), -1).astype(np.float32)
    return np.ascontiguousarray(rows)
