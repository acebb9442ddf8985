"""Models in MLflow: logged ones, registered ones with their aliases, and exported programs that it holds."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import mlflow
from mlflow.entities import (
    LoggedModel,
    LoggedModelOutput,
    LoggedModelStatus,
)
from mlflow.exceptions import MlflowException

from latent_audit.tasks.errors import TrackingError
from latent_audit.tasks.passwords import without_password
from latent_audit.tasks.storage.artifacts import digest_of_file
from latent_audit.tasks.tracking.connection import Connection, again
from latent_audit.tasks.tracking.names import clean_model_name, clean_tags
from latent_audit.tasks.tracking.sqlite_database import (
    alone,
)


class Registry(Connection):
    """The models of an experiment, and MLflow's registry."""

    def model(self, run_id: str, name: str, folder: Path, tags: Mapping[str, str]) -> str:
        """Logs a folder in MLflow's model format as a logged model of a run; returns its id.

        Where the run has one of that name and tags already, returns that one.
        """
        with self.translate_errors():
            logged = self._logged(run_id, clean_model_name(name), clean_tags(tags))
            if logged is None:
                logged = self._client.create_logged_model(
                    self.experiment_id,
                    name=clean_model_name(name),
                    source_run_id=run_id,
                    tags=clean_tags(tags),
                )
            if logged.status != LoggedModelStatus.READY:
                self._client.log_model_artifacts(logged.model_id, str(folder))
                self._client.finalize_logged_model(logged.model_id, "READY")
            return str(logged.model_id)

    def outputs(self, run_id: str, model_ids: Sequence[str]) -> None:
        """Records which logged models a run produced, without those that are recorded already."""
        with self.translate_errors():
            outputs = self._client.get_run(run_id).outputs
            known = {output.model_id for output in outputs.model_outputs} if outputs else set()
            new = [LoggedModelOutput(model_id, 0) for model_id in model_ids if model_id not in known]
            if new:
                self._client.log_outputs(run_id, new)

    def _logged(self, run_id: str, name: str, tags: Mapping[str, str]) -> LoggedModel | None:
        found = self._client.search_logged_models(
            [self.experiment_id], f"source_run_id = '{run_id}' and name = '{name}'"
        )
        return next((model for model in found if tags.items() <= model.tags.items()), None)

    def register(self, name: str, model_id: str, run_id: str, digest: str, alias: str) -> None:
        """Makes a logged model the newest version of a registered one and points the alias at it.

        A version with the same weights is kept as it is.
        """
        name = clean_model_name(name)
        # Alone, or two runs that see no version of these weights yet would make one each.
        with self.translate_errors(), alone(self.uri):
            try:
                self._client.create_registered_model(name)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            version = self._version(name, digest)
            if version is None:
                logged = self._client.get_logged_model(model_id)
                version = self._client.create_model_version(
                    name, logged.model_uri, run_id, tags={"weights_digest": digest}, model_id=model_id
                ).version
            self._set_alias(name, alias, version)

    def point(self, name: str, digest: str, alias: str) -> bool:
        """Points an alias at the version of a registered model with these weights; False if there is none."""
        name = clean_model_name(name)
        with self.translate_errors():
            version = self._version(name, digest)
            if version is not None:
                self._set_alias(name, alias, version)
            return version is not None

    def _set_alias(self, name: str, alias: str, version: str) -> None:
        again(lambda: self._client.set_registered_model_alias(name, alias, str(version)))

    def _version(self, name: str, digest: str) -> str | None:
        found = self._client.search_model_versions(f"name = '{name}'")
        return next((item.version for item in found if item.tags.get("weights_digest") == digest), None)

    def exported_program(self, address: str, folder: Path) -> Path:
        """Returns the exported program (pt2) of a model that MLflow holds, copied below `folder` by its content.

        Models that were logged as pickles are refused: opening one would run code.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as temporary:
            try:
                fetched = Path(mlflow.artifacts.download_artifacts(address, dst_path=temporary))
            except (MlflowException, OSError) as error:
                reason = without_password(str(error)).rstrip(". ")
                raise TrackingError(
                    f"MLflow has no model at {without_password(address)}: {reason}"
                ) from error
            programs = sorted(fetched.rglob("*.pt2"))
            if len(programs) != 1:
                raise TrackingError(
                    f"the model at {without_password(address)} holds {len(programs)} exported programs (pt2) and must "
                    "hold one: log it with serialization_format='pt2'; pickled models are not opened"
                )
            kept = folder / "models" / f"{digest_of_file(programs[0])}.pt2"
            kept.parent.mkdir(exist_ok=True)
            programs[0].replace(kept)
        return kept
