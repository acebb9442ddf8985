"""One model's section of audit.json, put together from the files of its stages."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from latent_audit.tasks.execution.stage import RecordPart
from latent_audit.tasks.storage.arrays import gather, read_json
from latent_audit.tasks.storage.artifacts import Artifact, ModelKey, digest_of_file
from latent_audit.vae_models.storage.saved_model import RECIPE_FILE, WEIGHTS_FILE

# The declared parts of a model's section, by the stage that writes them.
Parts = Mapping[str, Sequence[RecordPart]]


def model_record(
    model: ModelKey,
    results: Mapping[str, Artifact],
    parts: Parts,
    folder: Path,
    name: str,
    *,
    is_lead: bool,
) -> dict[str, Any]:
    """Returns the section; what was not drawn for this seed is None or empty.

    `parts` are those that stages declare, by the stage. Arrays it refers to are copied to `folder`/arrays/`name`/.
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
    whole = fitness.pop("whole_code", None)
    return {
        "id": model.id,
        "name": model.name,
        "kind": recipe["kind"],
        "seed": model.seed,
        "is_lead": is_lead,
        "latent_dim": len(dimensions) if whole is None else whole["dimensions"],
        "parameters": training.pop("parameters"),
        "weights_digest": digest_of_file(trained / WEIGHTS_FILE),
        "recipe": recipe,
        "dimensions": dimensions,
        **({} if whole is None else {"chosen_by": whole["chosen_by"]}),
        "origin": content("train", "origin.json"),
        "import_check": content("train", "import_check.json"),
        "supervision": supervision,
        "training": training,
        "fitness": fitness,
        **content("probe", "probe.json"),
        **_declared(parts, content),
        **_pruned(content),
    }


def _pruned(content: Callable[..., Any]) -> dict[str, Any]:
    """Returns the evidence of the code without unused dimensions, as a part; none where it was not gathered."""
    places = content("locate_pruned", "places.json")
    if places is None:
        return {}
    claims = content("probe_pruned", "probe.json")
    return {
        "pruned": {
            **content("prune", "pruned.json"),
            "association": claims["association"],
            "specificity": claims["specificity"],
            "intervention": content("intervene_pruned", "intervention.json"),
            "places": places,
        }
    }


def _declared(parts: Parts, content: Callable[[str, str, Any], Any]) -> dict[str, Any]:
    """Returns the parts that stages declare; lists of one key are joined."""
    found: dict[str, Any] = {}
    for stage, declared in parts.items():
        for part in declared:
            value = content(stage, part.file, part.missing)
            found[part.key] = found[part.key] + value if part.key in found else value
    return found
