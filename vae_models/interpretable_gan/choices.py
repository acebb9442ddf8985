"""Names that settings of the InterpretableGAN can select, without importing torch."""

from typing import Literal

GeneratorKind = Literal["burgess", "locatello", "residual"]
AdversarialLoss = Literal["logistic", "hinge"]
Augmentation = Literal["color", "translation", "cutout"]
