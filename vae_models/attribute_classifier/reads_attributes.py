"""What every attribute classifier of an audit has, ours and one that the user brings: targets, and what it reads."""

from collections.abc import Collection, Sequence

from torch import Tensor, nn

from latent_audit.vae_models.attribute_classifier.targets import Target


class ReadsAttributes(nn.Module):
    """Reads attributes from images.

    image_shape: (channels, height, width). targets: one an attribute of the data, in their order. not_read: names of
    the attributes that it does not read, whose columns hold what guessing would say. has_features: whether it has a
    layer of features, for distances between images.
    """

    image_shape: tuple[int, int, int]
    targets: tuple[Target, ...]
    not_read: Collection[str] = ()
    has_features: bool = False

    @property
    def response_columns(self) -> dict[str, tuple[int, ...]]:
        """Returns which columns of `responses` belong to which attribute."""
        columns, start = {}, 0
        for target in self.targets:
            columns[target.name] = tuple(range(start, start + target.size))
            start += target.size
        return columns

    def columns_read(self, names: Sequence[str]) -> list[int]:
        """Returns the places among `names`, of attributes, of those that it reads."""
        return [k for k, name in enumerate(names) if name not in self.not_read]

    @property
    def response_names(self) -> tuple[str, ...]:
        """Returns the name of each response column: "shape=heart", "scale", "orientation.cos"."""
        return tuple(name for target in self.targets for name in target.columns)

    def responses(self, images: Tensor) -> Tensor:
        """Returns float32 (n, R) of images (n, c, h, w) in [0, 1], columns as in `response_names`.

        Binary: probability of class 1. Categorical: class probabilities. Ordinal and continuous: the value in
        standard deviations of the attribute, centred. Cyclic: cos and sin.
        """
        raise NotImplementedError

    def features(self, images: Tensor) -> Tensor:
        """Returns (n, hidden): the layer under the heads, for distances between sets of images, where there is one."""
        raise NotImplementedError
