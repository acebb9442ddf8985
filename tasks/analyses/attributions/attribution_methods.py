"""The attribution methods of an audit, each as one function of a module and images.

Every random draw is made once, from a seed, and shared by all images and by every module: so a map changes
only because the image or the weights did.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from captum.attr import LayerAttribution, LayerGradCam
from torch import Tensor, nn

from latent_audit.tasks.analyses.attributions.attribution_maps import (
    expected_gradients,
    integrated_gradients,
    occlusion,
    smooth_gradients,
)
from latent_audit.tasks.analyses.attributions.faithfulness import Scale
from latent_audit.tasks.analyses.attributions.input_layer import find_entrance

Read = Callable[[nn.Module, Tensor], Tensor]


@dataclass(frozen=True)
class MethodSettings:
    """Sizes of attributions and their checks. The defaults suit a first look on one core.

    gradient_steps: nodes of the integral. draws: random images or noise of GradientShap and SmoothGrad.
    noise: their standard deviation, pixels in [0, 1]. window, stride: occlusion square in pixels; None
    takes a sixth of the image, at least 3, and half of that, rounded up. removals: random patch removals behind
    infidelity. sensitivity_*: images, draws and radius behind max-sensitivity. randomisation_*: images and
    layer groups of the cascade. layer_images: images that show which layers are used. faithful_below: largest
    |rank correlation| of a map that follows its weights. dilate_pixels: widening of object masks.
    resamples: bootstrap resamples.
    """

    gradient_steps: int = 16
    draws: int = 8
    noise: float = 0.1
    window: int | None = None
    stride: int | None = None
    removals: int = 16
    sensitivity_images: int = 4
    sensitivity_draws: int = 3
    sensitivity_radius: float = 0.02
    randomisation_images: int = 6
    randomisation_levels: int = 5
    layer_images: int = 2
    faithful_below: float = 0.5
    dilate_pixels: int = 2
    resamples: int = 1000


@dataclass(frozen=True)
class Method:
    """One way to attribute: `explain(module, images)` -> maps (n, outputs, c, h, w), signed.

    scale says what the numbers are: shares of the change from the baseline, or slopes. baselines (m, c, h,
    w) are what the sums of the maps are measured from, None for methods that promise no sum. needs_gradient: whether
    it follows gradients of the module; a method that only calls the module does without.
    """

    name: str
    scale: Scale
    explain: Read
    baselines: Tensor | None
    needs_gradient: bool = True


def encoder_methods(
    read: Read, columns: Sequence[int], baseline: Tensor, reference: Tensor, depth: MethodSettings, seed: int
) -> tuple[Method, ...]:
    """Returns IntegratedGradients, GradientShap, Occlusion and SmoothGrad saliency for the named outputs.

    read: (module, images) -> outputs (n, r). baseline: (c, h, w). reference: images (m, c, h, w) of the
    data, from which GradientShap draws its baselines. Each equals Captum's method of the same name.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = torch.randint(len(reference), (depth.draws,), generator=generator)
    coefficients = torch.rand((1, depth.draws), generator=generator).to(baseline)
    noise = torch.randn((1, depth.draws, *baseline.shape), generator=generator).to(baseline) * depth.noise
    drawn = reference[rows.to(reference.device)]
    window, stride = occlusion_square(baseline, depth)

    def shap(module: nn.Module, images: Tensor) -> Tensor:
        return expected_gradients(
            partial(read, module), images, drawn.unsqueeze(0), coefficients, noise, columns
        )

    def occluded(module: nn.Module, images: Tensor) -> Tensor:
        return occlusion(partial(read, module), images, baseline, columns, window, stride)

    def smooth(module: nn.Module, images: Tensor) -> Tensor:
        function = partial(read, module)
        entrance = find_entrance(module, function, images)
        return smooth_gradients(function, images, noise, columns, entrance=entrance)

    return (
        integrated_method(read, columns, baseline, depth),
        Method("GradientShap", "share_of_change", shap, drawn),
        Method("Occlusion", "share_of_change", occluded, None, needs_gradient=False),
        Method("SmoothGrad", "slope", smooth, None),
    )


def integrated_method(read: Read, columns: Sequence[int], baseline: Tensor, depth: MethodSettings) -> Method:
    """Returns IntegratedGradients from one baseline image (c, h, w) for the named outputs."""

    def integrated(module: nn.Module, images: Tensor) -> Tensor:
        function = partial(read, module)
        entrance = find_entrance(module, function, images)
        return integrated_gradients(
            function, images, baseline, columns, depth.gradient_steps, entrance=entrance
        )

    return Method("IntegratedGradients", "share_of_change", integrated, baseline.unsqueeze(0))


def grad_cam_method(read: Read, columns: Sequence[int], layer: str) -> Method:
    """Returns Captum's LayerGradCam at the named layer, brought to the size of the image.

    layer: a name for `module.get_submodule`, usually the last convolution (`last_convolution`).
    Selvaraju et al. 2017.
    """

    def grad_cam(module: nn.Module, images: Tensor) -> Tensor:
        # LayerGradCam weighs the layer by gradients with respect to it, which need a graph to start from.
        leaf = images.detach().requires_grad_(True)
        with torch.enable_grad():
            cam = LayerGradCam(partial(read, module), module.get_submodule(layer))
            maps = [
                LayerAttribution.interpolate(
                    cam.attribute(leaf, target=column).detach(), tuple(images.shape[-2:]), "bilinear"
                )
                for column in columns
            ]
        return torch.stack(maps, dim=1).expand(-1, -1, images.shape[1], -1, -1)

    return Method("LayerGradCam", "share_of_change", grad_cam, None)


def last_convolution(module: nn.Module) -> str | None:
    """Returns the name of the last Conv2d that the module defines, None where it has none."""
    names = [name for name, part in module.named_modules() if isinstance(part, nn.Conv2d)]
    return names[-1] if names else None


def occlusion_square(baseline: Tensor, depth: MethodSettings) -> tuple[int, int]:
    """Returns (window, stride) in pixels for images like the baseline."""
    window = depth.window or max(3, min(baseline.shape[-2:]) // 6)
    return window, depth.stride or (window + 1) // 2
