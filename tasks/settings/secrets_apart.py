"""Keeps passwords out of what Prefect remembers: a flow's parameters are in its database and on its pages.

A flow is given addresses without what is secret in them; this process, which runs the flow, knows the whole ones.
"""

import os

from latent_audit.tasks.datasets.registry import DataSettings
from latent_audit.tasks.settings.addresses import has_password, without_password
from latent_audit.tasks.settings.audit import Settings

_whole: dict[str, str] = {}


def without_secrets(settings: Settings) -> Settings:
    """Returns the settings without passwords and tokens in addresses; `whole` gives them back.

    A tracking address with one is moved to MLFLOW_TRACKING_URI, since MLflow's clients look there.
    """
    uri = settings.tracking.uri
    if uri is not None and has_password(uri):
        os.environ["MLFLOW_TRACKING_URI"] = uri
        settings = settings.model_copy(
            update={"tracking": settings.tracking.model_copy(update={"uri": None})}
        )
    outside = settings.explanations.outside
    explanations = settings.explanations
    if outside is not None:
        explanations = explanations.model_copy(update={"outside": _without_mirror(outside)})
    run, compute = settings.run, settings.compute
    return settings.model_copy(
        update={
            "data": _without_mirror(settings.data),
            "explanations": explanations,
            "run": run.model_copy(update={"shared_store": _apart(run.shared_store)}),
            "compute": compute.model_copy(update={"address": _apart(compute.address)}),
        }
    )


def whole(address: str) -> str:
    """Returns an address with what `without_secrets` took out of it."""
    return _whole.get(address, address)


def _without_mirror(data: DataSettings) -> DataSettings:
    mirror = getattr(data, "mirror", None)
    return data if mirror is None else data.model_copy(update={"mirror": _apart(mirror)})


def _apart(address: str | None) -> str | None:
    if address is None or not has_password(address):
        return address
    shown = without_password(address)
    _whole[shown] = address
    return shown
