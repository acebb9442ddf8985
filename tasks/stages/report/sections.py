"""Which code draws which sections of the report, for the stages that draw them."""

from latent_audit.reports.page.render import BUILDERS, HALVES
from latent_audit.tasks.storage.code import Code


def sections_of(half: str) -> dict[str, Code]:
    """Returns the modules that build the sections of one half of the report, by the sections' ids."""
    return {key: Code(BUILDERS[key].__module__) for key in HALVES[half]}
