"""Builds the gallery of the documentation: real reports, each by the commands that its page shows.

    python -m benchmarks.gallery                     # all of them; sprites take the seven minutes of the default job
    python -m benchmarks.gallery codes published     # some of them
    python -m benchmarks.gallery --weights model.pt published

An example is built in an empty folder by the installed command. Its report goes to docs/embedded/gallery, where the
built site embeds it, and its page, with what the report says first, to docs/gallery. `published` needs the weights of
the beta-VAE of dSprites (https://github.com/YannDubs/disentangling-vae, results/betaH_dsprites/model.pt).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from latent_audit.reports.page.render import open_page
from latent_audit.reports.page.sections.overview import summary

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES, REPORTS = DOCS / "gallery", DOCS / "embedded" / "gallery"
WEIGHTS = "checkpoints/betaH_dsprites/model.pt"

PUBLISHED = """\
# published.yaml
run: {name: published}
subject:
  intended_use: Showing how weights from elsewhere are audited.
data: {kind: sprites, image_size: 64, images: 12000}
seeds: [0]
models:
  beta_vae: {kind: checkpoint, path: model.pt, trained_with_labels: []}
explanations: {depth: quick}
"""
DIGITS = """\
# digits.py
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA

digits = load_digits()
np.save("codes.npy", PCA(10, random_state=0).fit_transform(digits.data).astype(np.float32))
ink = digits.images.sum(axis=(1, 2))
centre = (digits.images.sum(axis=1) @ np.arange(8)) / ink
pd.DataFrame({"digit": digits.target, "ink": ink, "centre": centre}).to_csv("labels.csv", index=False)
"""
DIGIT_TYPES = '{"digit": "categorical"}'


def of_a_run(folder: Path) -> tuple[str, list[str]]:
    """Returns the title of the report of runs/latest, and what its first screen says: answer, warnings, trust."""
    found = summary.build(open_page((folder / "runs" / "latest").resolve(), "en"))
    answer = " ".join(part for one in found["answer"] for part in (one.found, one.meaning) if part)
    warnings = "; ".join(line.rstrip(".") for line in found["warnings"])
    said = [answer, f"The report warns: {warnings}." if warnings else "The report has no warning."]
    return found["title"], [*said, f"What it rests on: {'; '.join(found['trust'])}."]


def of_codes(folder: Path) -> tuple[str, list[str]]:
    """Returns a title for an audit of codes, and where its labels can be read."""
    record = json.loads((folder / "result" / "codes.json").read_text(encoding="utf-8"))
    where = [f"{row['attribute']}: {row['reason']['text']}" for row in record["where"] if row["seed"] == 0]
    values = [
        f"{row['attribute']} {row['checks']['association']['value']['value']:.2f} ({row['dimension_name']})"
        for row in record["verdicts"]
        if row["seed"] == 0 and "value" in row["checks"]["association"]["value"]
    ]
    return "Codes without a model: ten principal components of handwritten digits", [
        f"{'; '.join(where)}.",
        f"Uncertainty coefficient with the best single dimension, 0 to 1: {', '.join(values)}.",
        "Nothing was decoded, so no place is better than read, and no verdict better than Not tested.",
    ]


@dataclass(frozen=True)
class Example:
    """One report of the gallery: why it is there, files that are written first, commands, and what it makes."""

    why: str
    commands: tuple[tuple[str, ...], ...]
    report: str
    says: Callable[[Path], tuple[str, list[str]]] = of_a_run
    files: Mapping[str, str] = field(default_factory=dict)
    needs_weights: bool = False


EXAMPLES: Mapping[str, Example] = {
    "sprites": Example(
        "What `latent-audit run` makes without any setting: three kinds of model, three seeds each.",
        (("latent-audit", "run"),),
        "runs/latest/report.html",
    ),
    "published": Example(
        "Weights that somebody else published, held against images of the rule that they were trained on. "
        "There is one training, so nothing can be better than Partly supported.",
        (("latent-audit", "run", "published.yaml"),),
        "runs/latest/report.html",
        files={"published.yaml": PUBLISHED},
        needs_weights=True,
    ),
    "codes": Example(
        "A table of numbers and a table of labels, from any encoder of anything.",
        (
            ("python", "digits.py"),
            ("latent-audit", "codes", "codes.npy", "--labels", "labels.csv", "--types", DIGIT_TYPES,
             "--output", "result"),
        ),
        "result/codes.html",
        of_codes,
        {"digits.py": DIGITS},
    ),
}  # fmt: skip


def build(name: str, folder: Path, weights: Path) -> None:
    """Builds one example in an empty folder and writes its report and page.

    Raises:
        CalledProcessError: a command failed; it printed why.
        FileNotFoundError: the weights are not there.
    """
    example = EXAMPLES[name]
    for file, text in example.files.items():
        (folder / file).write_text(text, encoding="utf-8")
    if example.needs_weights:
        shutil.copyfile(weights, folder / "model.pt")
    programs = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([programs, os.environ["PATH"]])}
    for command in example.commands:
        subprocess.run(command, cwd=folder, env=environment, check=True)
    write_page(name, folder)


def write_page(name: str, folder: Path) -> None:
    """Writes report and page of an example that was built in `folder`."""
    example = EXAMPLES[name]
    REPORTS.mkdir(parents=True, exist_ok=True)
    PAGES.mkdir(exist_ok=True)
    shutil.copyfile((folder / example.report).resolve(), REPORTS / f"{name}-report.html")
    title, says = example.says(folder)
    (PAGES / f"{name}.md").write_text(page(name, title, says), encoding="utf-8")


def page(name: str, title: str, says: Sequence[str]) -> str:
    """Returns the page of an example: why it is there, how it is made, what it shows, and the report itself."""
    example = EXAMPLES[name]
    blocks = [
        f"```{'python' if file.endswith('py') else 'yaml'}\n{text}```" for file, text in example.files.items()
    ]
    typed = "\n".join(f"$ {' '.join(map(_quoted, command))}" for command in example.commands)
    weights = "`model.pt` is [betaH_dsprites](https://github.com/YannDubs/disentangling-vae/tree/master/results/betaH_dsprites)."
    parts = [
        f"# {title}",
        example.why,
        *([weights] if example.needs_weights else []),
        *blocks,
        f"```console\n{typed}\n```",
        "What it shows:",
        "\n".join(f"- {sentence}" for sentence in says),
        f'<p><a href="{name}-report.html">The report by itself</a></p>\n'
        f'<iframe src="{name}-report.html" title="The report" sandbox="allow-scripts" '
        'style="width: 100%; height: 45rem; border: 1px solid #888"></iframe>',
    ]
    return "\n\n".join(parts) + "\n"


def _quoted(word: str) -> str:
    return f"'{word}'" if set(word) & set('{}"[] ') else word


def main(words: Sequence[str] | None = None) -> int:
    """Builds the examples named, all by default, and returns 0."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gallery",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(EXAMPLES)}; default all")
    data = Path(os.environ.get("LATENT_AUDIT_TEST_DATA", "shared/data"))
    parser.add_argument("--weights", type=Path, default=data / WEIGHTS, help="weights of `published`")
    given = parser.parse_args(words)
    if unknown := set(given.names) - EXAMPLES.keys():
        parser.error(f"there are no examples {', '.join(sorted(unknown))}; there are {', '.join(EXAMPLES)}")
    for name in given.names or EXAMPLES:
        with tempfile.TemporaryDirectory() as folder:
            build(name, Path(folder), given.weights)
        print(PAGES / f"{name}.md", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
