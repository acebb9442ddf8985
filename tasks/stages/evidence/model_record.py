"""One model's section of audit.json, put together from the files of its stages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from latent_audit.tasks.storage.arrays import gather, read_json
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey, digest_of_file
from latent_audit.vae_models.storage.saved_model import RECIPE_FILE, WEIGHTS_FILE


def model_record(
    model: ModelKey, results: Mapping[str, Artifact], folder: Path, name: str, *, is_lead: bool
) -> dict[str, Any]:
    """Returns the section; what was not drawn for this seed is None or empty.

    Arrays it refers to are copied to `folder`/arrays/`name`/.
    """

    def content(stage: str, file: str, missing: Any = None) -> Any:
        if stage not in results or not (results[stage].path / file).is_file():
            return missing
        return gather(read_json(results[stage].path / file), results[stage].path, folder, name)

    trained = results["train"].path
    recipe = read_json(trained / RECIPE_FILE)
    training = content("train", "training.json")
    supervision = training.pop("supervision")
    fitness = content("fitness", "fitness.json")
    dimensions = fitness.pop("dimensions")
    return {
        "id": model.id,
        "name": model.name,
        "kind": recipe["kind"],
        "seed": model.seed,
        "is_lead": is_lead,
        "latent_dim": len(dimensions),
        "parameters": training.pop("parameters"),
        "weights_digest": digest_of_file(trained / WEIGHTS_FILE),
        "recipe": recipe,
        "dimensions": dimensions,
        "origin": content("train", "origin.json"),
        "import_check": content("train", "import_check.json"),
        "supervision": supervision,
        "training": training,
        "fitness": fitness,
        **content("probe", "probe.json"),
        "scores": content("score", "scores.json", {}),
        "intervention": content("intervene", "intervention.json"),
        "places": content("locate", "places.json"),
        "traversal": content("traverse", "traversal.json"),
        "moves": content("move", "moves.json"),
        "uses": content("use", "uses.json"),
        "projections": content("project", "projections.json", []),
        "attributions": content("attribute", "attributions.json", [])
        + content("explain_classifier", "attributions.json", []),
        "attribution_evidence": content("attribute", "evidence.json", [])
        + content("explain_classifier", "evidence.json", []),
        "gan": content("attribute", "gan.json"),
        "particulars": content("particulars", "particulars.json"),
    }
