"""MNIST: handwritten digits (LeCun, Cortes, Burges 1998), with measures of how each was written."""

from typing import ClassVar, Literal

from pydantic import Field

from latent_audit.tasks.datasets import digit_measures
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.idx_images import IdxPublication, IdxSettings


class MnistSettings(IdxSettings):
    """Selection and size of the images of MNIST."""

    publication: ClassVar[IdxPublication] = IdxPublication(
        bases=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
            "http://yann.lecun.com/exdb/mnist/",
        ),
        md5s=(
            "f68b3c2dcbeaaa9fbdd348bbdeb94873",
            "d53e105ee54ea40749a09fcbcd1e9432",
            "9fb629c4189551a2d022fa330f9573f3",
            "ec29112dd5afa0611ce80d1b7f02629c",
        ),
        attributes=(
            Attribute(
                "digit", "categorical", classes=tuple("0123456789"), description="which digit was written"
            ),
            *digit_measures.ATTRIBUTES,
        ),
        measure=digit_measures.measure_digits,
        description="Handwritten digits in grey, white on black, with measures after Morpho-MNIST.",
        source="LeCun, Cortes, Burges: The MNIST database of handwritten digits (yann.lecun.com/exdb/mnist)",
        licence="CC BY-SA 3.0, as usually stated",
    )

    kind: Literal["mnist"] = Field("mnist", description="handwritten digits")
