"""All data sets, in the order of their documentation; a new one needs one file and one line here.

The settings of a data set state which files it needs (`files`) and load it (`load`).
"""

from typing import Annotated, get_args

from pydantic import Field

from latent_audit.tasks.datasets.celeba import CelebaSettings
from latent_audit.tasks.datasets.dsprites import DspritesSettings
from latent_audit.tasks.datasets.fashion_mnist import FashionMnistSettings
from latent_audit.tasks.datasets.folder import FolderSettings
from latent_audit.tasks.datasets.mnist import MnistSettings
from latent_audit.tasks.datasets.own.extension import ExtensionDataSettings
from latent_audit.tasks.datasets.own.image_file import ImageFileSettings
from latent_audit.tasks.datasets.painted_sprites import PaintedSpritesSettings
from latent_audit.tasks.datasets.shapes3d import Shapes3dSettings
from latent_audit.tasks.datasets.sprites import SpritesSettings

AnyDataSettings = (
    SpritesSettings
    | MnistSettings
    | FashionMnistSettings
    | CelebaSettings
    | DspritesSettings
    | Shapes3dSettings
    | PaintedSpritesSettings
    | FolderSettings
    | ImageFileSettings
    | ExtensionDataSettings
)
DataSettings = Annotated[AnyDataSettings, Field(discriminator="kind")]
ALL_SETTINGS = get_args(AnyDataSettings)
