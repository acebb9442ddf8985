"""What every training of a generative model writes, alone or in a stack."""

from pathlib import Path

from latent_audit.tasks.analyses.serialization import to_json
from latent_audit.tasks.stages.training.training_report import Trained, training_facts
from latent_audit.tasks.storage.arrays import write_json, write_summary
from latent_audit.vae_models.storage.recipes import save


def write_trained(folder: Path, trained: Trained) -> None:
    """Writes a trained model's files."""
    save(folder, trained.model, trained.recipe)
    facts = training_facts(trained.result)
    facts["supervision"] = to_json(trained.supervision)
    facts["parameters"] = sum(weights.numel() for weights in trained.model.parameters())
    metrics = {"steps": facts["steps"], "parameters": facts["parameters"]}
    if trained.recipe["settings"]["training"]["restarts"]:
        metrics["restarts"] = len(trained.failed_starts)
        facts["failed_starts"] = to_json(trained.failed_starts)
    write_json(folder / "training.json", facts)
    write_summary(
        folder,
        metrics=metrics,
        curves={f"training.{name}": curve for name, curve in facts["curves"].items()},
        tags={"training.stopped": facts["stopped"]},
    )
