"""Parts of the split that an audit has no use for, whose images go to its other parts."""

import sys
from collections.abc import Mapping

from latent_audit.tasks.analyses.statistics.parts import PROBE_PARTS
from latent_audit.tasks.analyses.statistics.splits import DEFAULT_MINIMUM

CLASSIFIER_TRAIN = "classifier_train"
# `split` takes positive shares alone; of this one no image comes, however many there are.
_NO_SHARE = sys.float_info.min


def settled_shares(
    shares: Mapping[str, float], *, trains_classifier: bool
) -> tuple[dict[str, float], dict[str, int]]:
    """Returns the shares and the fewest images of each part, as `split` takes them.

    Where no classifier is trained, classifier_train has no image, and the probe parts have its share, as theirs are to
    each other.
    """
    if trains_classifier:
        return dict(shares), dict(DEFAULT_MINIMUM)
    probes = sum(shares[name] for name in PROBE_PARTS)
    more = 1.0 + shares[CLASSIFIER_TRAIN] / probes
    found = {name: share * more if name in PROBE_PARTS else share for name, share in shares.items()}
    return {**found, CLASSIFIER_TRAIN: _NO_SHARE}, {**DEFAULT_MINIMUM, CLASSIFIER_TRAIN: 0}
