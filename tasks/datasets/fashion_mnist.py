"""Fashion-MNIST: pictures of clothes (Xiao, Rasul, Vollgraf 2017), with measures of their outline."""

from typing import ClassVar, Literal

from pydantic import Field

from latent_audit.tasks.datasets import clothing_measures
from latent_audit.tasks.datasets.attributes import Attribute
from latent_audit.tasks.datasets.idx_images import IdxPublication, IdxSettings

GARMENTS = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


class FashionMnistSettings(IdxSettings):
    """Selection and size of the images of Fashion-MNIST."""

    publication: ClassVar[IdxPublication] = IdxPublication(
        bases=(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        md5s=(
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "25c81989df183df01b3e8a0aad5dffbe",
            "bef4ecab320f06d8554ea6380940ec79",
            "bb300cfdad3c16e7a12a480ee83cd310",
        ),
        attributes=(
            Attribute(
                "garment", "categorical", classes=GARMENTS, description="what kind of clothing is shown"
            ),
            *clothing_measures.ATTRIBUTES,
        ),
        measure=clothing_measures.measure_clothes,
        description="Pictures of clothes in grey on black, with measures of outline and brightness.",
        source="Xiao, Rasul, Vollgraf: Fashion-MNIST (github.com/zalandoresearch/fashion-mnist)",
        licence="MIT",
    )

    kind: Literal["fashion_mnist"] = Field("fashion_mnist", description="pictures of clothes")
