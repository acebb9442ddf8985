"""Where attributes live in a large code: dimensions and blocks among the chosen ones, directions in all of it.

What is measured is a code of fewer coordinates: the chosen dimensions, and principal components of the others. What
these components leave open stays as it is in each image's own code.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from latent_audit.tasks.analyses.checks.thresholds import Thresholds
from latent_audit.tasks.analyses.decoding import Decode, Latents, Rows
from latent_audit.tasks.analyses.many_dimensions.chosen import MANY_DIMENSIONS, Chosen
from latent_audit.tasks.analyses.places import ladder
from latent_audit.tasks.analyses.places.evidence import Ladder
from latent_audit.tasks.analyses.places.fitted.fitting import fold_fittings
from latent_audit.tasks.analyses.places.parts_of_code import Part
from latent_audit.tasks.analyses.places.patterns import Concentration, Member, loadings, members
from latent_audit.tasks.analyses.places.sizes import Sizes

Floats = NDArray[np.float64]


def measure_many(
    code: ladder.Code,
    chosen: Chosen,
    used: NDArray[np.bool_] | None,
    changes: Floats | None,
    thresholds: Thresholds,
    sizes: Sizes,
    seed: int,
) -> Ladder:
    """Returns the evidence on every rung of a code (n, d), of whose dimensions those of `chosen` (k,) can be claimed.

    Of the evidence, dimensions are numbered within `chosen`, as they are in code.claims; a direction's members are
    those among them, and its line is not told. used, changes: (k,) as of `used_dimensions`; None where all that vary
    count, by their variance.
    """
    coordinates = _Coordinates.of(code.fit_codes, chosen, seed)
    smaller = replace(
        code,
        fit_codes=coordinates.apply(code.fit_codes),
        test_codes=coordinates.apply(code.test_codes),
        names=coordinates.names(code.names),
        groups=coordinates.groups(code.groups),
        decode=None if code.decode is None else coordinates.decoder(code.decode, code.test_codes),
    )
    count = len(chosen)
    with threadpool_limits(limits=1):
        found = _AmongMany(
            smaller,
            count,
            used,
            changes,
            thresholds,
            sizes,
            seed,
        ).measure()
    places = [
        replace(place, rungs=tuple(replace(rung, lines=()) for rung in place.rungs))
        for place in found.attributes
    ]
    return replace(found, used=found.used[:count], changes=found.changes[:count], attributes=tuple(places))


@dataclass(frozen=True)
class _Coordinates:
    """Chosen dimensions (k,), and components (r, d - k) of the others, which stand at `others`, less their mean."""

    chosen: Chosen
    others: Chosen
    mean: NDArray[np.float32]
    components: NDArray[np.float32]

    @classmethod
    def of(cls, fit: Latents, chosen: Chosen, seed: int) -> "_Coordinates":
        """Returns the coordinates of codes (n, d)."""
        others = np.setdiff1d(np.arange(fit.shape[1]), chosen)
        rest = fit[:, others]
        count = min(MANY_DIMENSIONS - len(chosen), *rest.shape)
        pca = PCA(count, svd_solver="randomized", random_state=seed).fit(rest)
        return cls(chosen, others, pca.mean_.astype(np.float32), pca.components_.astype(np.float32))

    def apply(self, codes: Latents) -> Latents:
        """Returns the coordinates (n, k + r) of codes (n, d)."""
        rest = (codes[:, self.others] - self.mean) @ self.components.T
        return np.concatenate([codes[:, self.chosen], rest], axis=1)

    def names(self, names: Sequence[str]) -> list[str]:
        """Returns the name of each coordinate, of names of the dimensions (d,)."""
        return [
            *(names[j] for j in self.chosen),
            *(f"component {j + 1} of other dimensions" for j in range(len(self.components))),
        ]

    def groups(self, groups: Sequence[int]) -> list[int]:
        """Returns the group of each coordinate, of groups of the dimensions (d,)."""
        after = max(groups) + 1
        return [*(groups[j] for j in self.chosen), *range(after, after + len(self.components))]

    def decoder(self, decode: Decode, codes: Latents) -> Decode:
        """Returns a decoder of coordinates; what they leave open is that of the row's code in `codes` (m, d)."""

        def of_coordinates(latents: Latents, rows: Rows) -> NDArray[np.float32]:
            whole = np.array(codes[rows], dtype=np.float32)
            count = len(self.chosen)
            own = (whole[:, self.others] - self.mean) @ self.components.T
            whole[:, self.others] += (latents[:, count:] - own) @ self.components
            whole[:, self.chosen] = latents[:, :count]
            return decode(whole, rows)

        return of_coordinates


class _AmongMany(ladder._Ladder):
    """A ladder on coordinates of which only the first can be claimed as dimensions, and be members of a block."""

    def __init__(
        self,
        code: ladder.Code,
        count: int,
        used: NDArray[np.bool_] | None,
        changes: Floats | None,
        thresholds: Thresholds,
        sizes: Sizes,
        seed: int,
    ) -> None:
        # Without a decoder, since what it uses is known, or not asked.
        super().__init__(replace(code, decode=None), thresholds, sizes, seed)
        self.code, self._count = code, count
        self.used[count:] = False
        if used is not None and changes is not None:
            self.used[:count], self.changes[:count] = used, changes
        self.parts = replace(self.parts, used=self.used)
        self.whole = replace(self.whole, parts=self.parts)
        self.folds = [self.whole] if code.folds is None else fold_fittings(self.whole, code.folds)

    def _members(
        self, k: int, part: Part, is_associated: bool
    ) -> tuple[tuple[Member, ...], Concentration | None]:
        found, spread = super()._members(k, part, is_associated)
        inside = tuple(one for one in found if one.dimension < self._count)
        if part.reader is None or inside:
            return inside, spread
        return self._strongest(part.reader.filter), spread

    def _named_by_span(self, filters: Floats) -> tuple[int, ...]:
        return tuple(sorted(one.dimension for one in self._strongest(filters)))

    def _strongest(self, filters: Floats) -> tuple[Member, ...]:
        """Returns the chosen dimensions that go most with what filters (live, r) read, without intervals."""
        live = self.parts.scaling.live
        inside = live < self._count
        values = loadings(self.whole.covariance, filters)[inside]
        return members(live[inside], values, values[None]) if inside.any() else ()
