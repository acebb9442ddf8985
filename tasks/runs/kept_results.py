"""Data, classifier, models and codes of a finished run, as the store that the run wrote into still holds them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latent_audit.reports.record.run_facts import LEDGER_NAME, parse_ledger
from latent_audit.tasks.errors import RunUnusable, UsageError
from latent_audit.tasks.runs.cleaning import KEY
from latent_audit.tasks.runs.own_code import allow_own_code
from latent_audit.tasks.runs.verify import Verified, verify
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey
from latent_audit.tasks.storage.store import damage_of, read_artifact
from latent_audit.tasks.terminal_text import named
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.forms import recorded
from latent_audit.vocabulary.record.model import Model

# A model's weights come from one of these stages: trained alone, with other seeds, or imported.
WEIGHTS = ("train", "take", "import")
PROBLEMS_SHOWN = 5


@dataclass(frozen=True)
class KeptRun:
    """A verified run, where its store is, and the folder of one's own code that may be run, if any.

    Nothing is written into run and store.
    """

    verified: Verified
    audit: Audit
    ledger: list[dict[str, Any]]
    store: Path
    code: Path | None

    @property
    def folder(self) -> Path:
        """The run's folder, links resolved."""
        return self.verified.checked.found.folder

    @property
    def seed(self) -> int:
        """The seed that the run's random streams are derived from."""
        return int(self.audit["settings"]["run"]["seed"])

    def model(self, name: str | None, seed: int | None) -> Model:
        """Returns the record of a model; the first one and the lead seed by default. Raises UsageError."""
        names = self.audit["subject"]["models"]
        if name is not None and name not in names:
            raise UsageError(f"this run has no model {name!r}; it has {', '.join(map(named, names))}")
        chosen = names[0] if name is None else name
        seeds = {model["seed"]: model for model in self.audit["models"] if model["name"] == chosen}
        wanted = self.audit["subject"]["lead_seed"] if seed is None else seed
        if wanted not in seeds:
            listed = ", ".join(map(str, sorted(seeds))) or "none"
            raise UsageError(f"{named(chosen)} has no seed {wanted} in this run; it has {listed}")
        return seeds[wanted]

    def prepared(self) -> Artifact:
        """Returns the data that the run audited."""
        return self._result(("prepare",), None, "data", self.audit["data"]["digest"])

    def classifier(self) -> Artifact:
        """Returns the attribute classifier, whose own code, if it has any, may be run."""
        found = self._result(("classify", "import_classifier"), None, "attribute classifier")
        record = recorded(self.audit["classifier"])
        origin = None if record is None else record.get("origin")
        allow_own_code(found.path, "the attribute classifier", origin, self.code)
        return found

    def weights(self, model: Model) -> Artifact:
        """Returns the trained or imported model, whose own code, if it has any, may be run."""
        weights = self._result(WEIGHTS, ModelKey(model["name"], model["seed"]), "weights")
        allow_own_code(weights.path, model["name"], model.get("origin"), self.code)
        return weights

    def codes(self, model: Model) -> Artifact:
        """Returns the codes of the probe parts."""
        return self._result(("encode",), ModelKey(model["name"], model["seed"]), "codes")

    def _result(
        self, stages: Sequence[str], model: ModelKey | None, what: str, digest: str | None = None
    ) -> Artifact:
        """Returns a stage's result after every file of it was checked against the run's ledger."""
        of = (None, None) if model is None else (model.name, model.seed)
        named_whole = f"{what} of this run" if model is None else f"{what} of {named(model.id)}"
        rows = [
            row
            for row in self.ledger
            if row["stage"] in stages
            and (row["model"], row["seed"]) == of
            and (digest is None or row.get("digest") == digest)
        ]
        if not rows:
            raise RunUnusable(
                f"{LEDGER_NAME} of {named(self.folder)} does not say where the {named_whole} are"
            )
        row = rows[-1]
        key = str(row.get("key"))
        folder = self.store / row["stage"] / key
        if not KEY.fullmatch(key) or not folder.is_dir():
            raise RunUnusable(
                f"the store {named(self.store)} does not hold the {named_whole} ({row['stage']}): it was cleared away, "
                "or it is another store. Give the run's store with --store, or compute it again: latent-audit run "
                "with the same settings"
            )
        problem = damage_of(folder)
        if problem is None:
            artifact = read_artifact(folder, reused=True)
            if artifact.digest == row.get("digest"):
                return artifact
            problem = "they are of another run"
        raise RunUnusable(
            f"the {named_whole} in the store {named(self.store)} are not those that the run wrote ({problem}): compute "
            "them again with latent-audit run and the same settings"
        )


def open_kept_run(folder: Path, store: Path, code: Path | None = None) -> KeptRun:
    """Returns a finished run after it was verified. Raises RunUnusable for one that is not what the run wrote.

    code: the folder of one's own code that makes its models, where that may be run.
    """
    verified = verify(folder)
    checked = verified.checked
    if verified.problems or checked.audit is None:
        sentences = [problem.sentence for problem in verified.problems]
        said = "\n  ".join(sentences[:PROBLEMS_SHOWN])
        raise RunUnusable(
            f"{named(folder)} is not what a run wrote, and its models are not used (latent-audit verify):\n  {said}"
        )
    ledger = parse_ledger(checked.found.contents[LEDGER_NAME])
    return KeptRun(verified, checked.audit, ledger, store.absolute(), code)
