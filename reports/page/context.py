"""What every section is built from: the audit, its arrays, the messages, and the figures made so far."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt
from markupsafe import Markup, escape

from latent_audit.reports.errors import RunIncomplete
from latent_audit.reports.page.image_files import Picture
from latent_audit.reports.page.messages import Messages
from latent_audit.reports.page.number_text import interval, number
from latent_audit.reports.page.plots.inline_svg import inline
from latent_audit.reports.page.visible_text import shortened, slug, visible, with_short_names
from latent_audit.reports.record.array_file import parse_array
from latent_audit.reports.record.run_files import NotPlain, read_plain
from latent_audit.vocabulary.record.audit import Audit, Auditability, FailedPart
from latent_audit.vocabulary.record.data import Attribute, SetAside
from latent_audit.vocabulary.record.forms import ArrayFile, Estimate, Part, recorded
from latent_audit.vocabulary.record.leads import lead_models, lead_verdicts
from latent_audit.vocabulary.record.model import Model
from latent_audit.vocabulary.record.verdict import Verdict

MAX_ARRAY_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Cell:
    """One cell of a table: kind text, number, estimate, verdict or link; `extra` is an interval or a target;
    `sort` orders a column.
    """

    kind: str
    text: str
    extra: str = ""
    sort: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells under `header`; the first cell of each row names the row. `note` says where intervals
    come from.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A drawing or picture as markup for the page, what it shows in words, and the numbers behind it.

    files: of held-out images that it shows, the user's own files in their order.
    """

    identifier: str
    body: Markup
    alt: str
    caption: str
    table: Table | None = None
    files: tuple[str, ...] = ()


@dataclass
class Page:
    """One report in the making. `files` collects what goes to figures/, by file name, `tables` their numbers by id."""

    folder: Path
    audit: Audit
    run: dict[str, Any]
    ledger: list[dict[str, Any]]
    audit_sha256: str
    t: Messages
    files: dict[str, bytes] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    _last: tuple[str, npt.NDArray[Any]] | None = None

    @property
    def leads(self) -> list[Model]:
        """The models whose evidence is shown in full: one seed of each, in the subject's order."""
        return lead_models(self.audit)

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdicts on the lead models; those on other seeds count in the stability check."""
        return lead_verdicts(self.audit)

    @property
    def attributes(self) -> list[Attribute]:
        """The attributes in the data's own order."""
        return list(self.audit["data"]["attributes"])

    @property
    def set_aside(self) -> list[SetAside]:
        """The attributes that too few images show for a test, with the reason; none in files of schema 1.0."""
        return list(self.audit["data"].get("not_tested", []))

    @property
    def long_names(self) -> list[str]:
        """Every name that a sentence of the audit may repeat in full."""
        names = [attribute["name"] for attribute in self.attributes]
        names += [row["attribute"] for row in self.set_aside]
        return (
            names
            + [name for attribute in self.attributes for name in attribute["classes"]]
            + [model["name"] for model in self.audit["models"]]
        )

    @property
    def shows_images(self) -> bool:
        """Whether the settings let held-out images stand in the report."""
        report = self.audit["settings"].get("report")
        return not isinstance(report, dict) or report.get("images") != "none"

    def limit(self, name: str) -> float:
        """Returns one of the thresholds that the audit was judged by."""
        return float(self.audit["thresholds"][name])

    def prose(self, sentence: str | None) -> str:
        """Returns a sentence of the audit with overlong names cut; a dash for none."""
        return with_short_names(sentence, self.long_names) if sentence else "–"

    @property
    def unreadable(self) -> dict[str, Auditability]:
        """The attributes that the classifier cannot read in real images either: nothing can be audited of them."""
        rows = self.audit.get("auditability", ())
        return {row["attribute"]: row for row in rows if not row["auditable"]}

    def closed(self, model: Model, attribute: str) -> str | None:
        """Returns why the classifier may not judge an attribute in a model's images, or None where it may."""
        if attribute in self.unreadable:
            return self.prose(self.unreadable[attribute]["reason"])
        part = recorded(model["intervention"])
        for gate in part["gates"] if part else ():
            if gate["attribute"] == attribute and gate["status"] != "passed":
                return self.prose(gate["reason"])
        return None

    def trained(self, model: Model) -> str:
        """Returns with which labels a model was trained, in a few words."""
        known = model.get("supervision") or {"attributes": None}
        names = known["attributes"]
        if names is None:
            return self.t("supervision.unknown")
        if not names:
            return self.t("supervision.none")
        share = known["labelled_share"]
        whole = set(names) >= {attribute["name"] for attribute in self.attributes}
        listed = (
            self.t("supervision.all")
            if whole
            else self.t("word.comma").join(shortened(name, 24) for name in names[:8])
            + (" …" if len(names) > 8 else "")
        )
        if share is None or share >= 1:
            return self.t("supervision.labels", names=listed)
        return self.t("supervision.share", names=listed, share=f"{100 * share:.3g}")

    def trained_shortly(self, model: Model) -> str:
        """Returns whether a model was trained with labels of these attributes, for the head of a column."""
        known = model.get("supervision") or {"attributes": None}
        names, of_data = known["attributes"], {attribute["name"] for attribute in self.attributes}
        if names is None:
            return self.t("supervision.short_unknown")
        used = len(of_data & set(names))
        if not used:
            return self.t("supervision.short_none")
        return self.t("supervision.short_all" if used == len(of_data) else "supervision.short_some", n=used)

    def called(self, attribute: str) -> str:
        """Returns what people call an attribute: by the settings, else by what is known of the data set."""
        data = self.audit["data"]["name"]
        return self._named(attribute) or self.t.known(f"called.{data}.{attribute}", shortened(attribute, 28))

    def called_model(self, name: str) -> str:
        """Returns what people call a model: by the settings, else its kind where it is named after it."""
        kind = next((model["kind"] for model in self.audit["models"] if model["name"] == name), "")
        ours = self.t.known(f"called_kind.{kind}", "") if name == kind else ""
        return self._named(name) or ours or shortened(name, 28)

    def called_unit(self, attribute: str) -> str:
        """Returns the unit of an attribute in words, "" where it has none."""
        unit = next((row["unit"] for row in self.attributes if row["name"] == attribute), None) or ""
        data = self.audit["data"]["name"]
        return self.t.known(f"called_unit.{data}.{attribute}", "") or shortened(unit, 20)

    def _named(self, name: str) -> str:
        names = self.audit["subject"].get("names") or {}
        return shortened(names[name], 28) if name in names else ""

    def with_training(self, model: Model, length: int) -> str:
        """Returns a model's name with the labels it was trained with, for the head of a column."""
        return self.t("supervision.of", model=shortened(model["name"], length), trained=self.trained(model))

    def better(self, score: str) -> str:
        """Returns which end of a score is the good one: "higher", "lower" or "none"."""
        stated = self.audit.get("score_directions")
        if stated:
            return stated.get(score, "none")
        rows = recorded(self.audit["comparison"]) or ()
        return next((row["better"] for row in rows if row["measure"] == score), "none")

    def was_given(self, model: Model, attribute: str) -> bool:
        """Returns whether a model was trained with an attribute's labels."""
        known = model.get("supervision")
        return known is not None and attribute in (known["attributes"] or ())

    def by_seed(self, model: str, attribute: str) -> list[tuple[int, str]]:
        """Returns the verdict of the first three checks under every seed of a model."""
        return [
            (seed, verdict)
            for row in recorded(self.audit["stability"]) or ()
            if row["model"] == model
            for found in row["attributes"]
            if found["attribute"] == attribute
            for seed, verdict in zip(row["seeds"], found["verdicts"], strict=False)
            if verdict
        ]

    def seed_words(self, model: str, attribute: str) -> list[tuple[str, str]]:
        """Returns a verdict for each seed with what it is of, in words; none where there is one seed."""
        seeds = self.by_seed(model, attribute)
        return [
            (verdict, self.t("summary.seed", seed=seed, verdict=self.t(f"verdict.{verdict}")))
            for seed, verdict in (seeds if len(seeds) > 1 else ())
        ]

    @property
    def significance(self) -> float:
        """The limit that the run's p-values were held against."""
        return self.limit("significance")

    @property
    def failed(self) -> list[FailedPart]:
        """The parts of the audit that failed: part, model, seed and reason each."""
        return list(self.audit.get("failed", ()))

    def absent(self, part: Any, stage: str = "", model: Model | None = None) -> str | None:
        """Returns why a part of the audit is not there, or None where it is.

        Args:
            part: the part's record.
            stage: the stage that makes it, to find out whether it failed.
            model: the record of the model that it is a part of, None for a part of the whole audit.
        """
        if not part and (failure := self.failure(stage, model)) is not None:
            return failure
        if part is None:
            return self.t("absent.unrecorded")
        if isinstance(part, dict) and "not_applicable" in part:
            return self.prose(part["not_applicable"])
        if isinstance(part, list) and not part:
            return self.t("absent.empty")
        return None

    def failure(self, stage: str, model: Model | None) -> str | None:
        """Returns that a stage failed, of a model or of the whole audit, and why; None where it did not."""
        name, seed = (None, None) if model is None else (model["name"], model["seed"])
        reasons = (
            row["reason"]
            for row in self.failed
            if (row["part"], row["model"], row["seed"]) == (stage, name, seed)
        )
        reason = next(reasons, None)
        return None if reason is None else self.t("absent.failed", reason=self.prose(reason))

    def failures(self, stage: str) -> list[str]:
        """Returns, for each model shown in full of which a stage failed, that it did and why."""
        found = ((model, self.failure(stage, model)) for model in self.leads)
        return [f"{shortened(model['name'], 28)}: {failure}" for model, failure in found if failure]

    def array(self, reference: ArrayFile) -> npt.NDArray[Any]:
        """Returns the array a reference names, after its digest was checked.

        Raises:
            RunIncomplete: the file is missing, altered, or no plain array.
        """
        if self._last is not None and self._last[0] == reference["sha256"]:
            return self._last[1]  # a sprite sheet is asked for once a dimension
        try:
            data = read_plain(self.folder / reference["path"], MAX_ARRAY_BYTES)
        except FileNotFoundError as error:
            raise RunIncomplete(
                f"{reference['path']} is missing from {self.folder}; restore or rerun."
            ) from error
        except NotPlain as found:
            raise RunIncomplete(f"{reference['path']} is {found}, where a plain file should be.") from None
        if hashlib.sha256(data).hexdigest() != reference["sha256"]:
            raise RunIncomplete(f"{reference['path']} is not the file that audit.json was written with.")
        try:
            self._last = (reference["sha256"], parse_array(data))
        except ValueError as error:
            raise RunIncomplete(f"{reference['path']} is no plain array: {error}") from error
        return self._last[1]

    def files_of(self, reference: ArrayFile) -> tuple[str, ...]:
        """Returns the files that the images of an array are from; none where images are no files, or not shown."""
        return tuple(reference.get("files", ())) if self.shows_images else ()

    # ---- names and ids --------------------------------------------------------------------------

    def model_key(self, name: str) -> str:
        """Returns the stem of the ids of a model: its place and its slug."""
        names: list[str] = self.audit["subject"]["models"]
        return f"m{names.index(name) + 1 if name in names else 0}-{slug(name)}"

    def attribute_key(self, name: str) -> str:
        """Returns the stem of the ids of an attribute: its place and its slug."""
        names = [attribute["name"] for attribute in self.attributes]
        return f"a{names.index(name) + 1 if name in names else 0}-{slug(name)}"

    def dimension_name(self, model: Model, index: int | None) -> str:
        """Returns a dimension's own name, shortened; a dash for none."""
        if index is None:
            return "–"
        return next(
            (shortened(row["name"], 24) for row in model["dimensions"] if row["index"] == index), f"z{index}"
        )

    # ---- figures --------------------------------------------------------------------------------

    def drawing(
        self, identifier: str, svg: str, alt: str, caption: str, table: Table | None = None
    ) -> Figure:
        """Keeps a plot under figures/ and returns it as a figure of the page."""
        self.files[f"{identifier}.svg"] = svg.encode("utf-8")
        self._keep(identifier, table)
        return Figure(identifier, Markup(inline(svg, identifier, visible(alt))), alt, caption, table)

    def picture(
        self,
        identifier: str,
        picture: Picture,
        alt: str,
        caption: str,
        scale: float = 1,
        table: Table | None = None,
        files: tuple[str, ...] = (),
    ) -> Figure:
        """Keeps an image under figures/ and returns it as a figure of the page, drawn `scale` times as large."""
        self.files[f"{identifier}{picture.suffix}"] = picture.data
        self._keep(identifier, table)
        return Figure(identifier, image_element(picture, alt, scale), alt, caption, table, files)

    def _keep(self, identifier: str, table: Table | None) -> None:
        if table is not None:
            self.tables[identifier] = table

    # ---- cells ----------------------------------------------------------------------------------

    def interval_note(self, estimates: Iterable[Any] | Mapping[str, Iterable[Any]]) -> str:
        """Returns a sentence that names the source of the intervals, and how many of what they are over.

        A mapping has estimates by what they are of, which is said where their numbers differ.
        """
        named = estimates if isinstance(estimates, Mapping) else {"": estimates}
        over: dict[str, list[str]] = {}
        for name, some in named.items():
            sizes: dict[str, set[int]] = {}
            for value in some:
                if isinstance(value, dict) and value.get("low") is not None:
                    sizes.setdefault(value["source"], set()).update(
                        [] if value["n"] is None else [value["n"]]
                    )
            for source, counts in sorted(sizes.items()):
                over.setdefault(self._over(source, counts), []).append(name)
        if not over:
            return ""
        parts = [
            message if len(over) == 1 or not all(names) else f"{self.t('word.comma').join(names)}: {message}"
            for message, names in over.items()
        ]
        return self.t("interval.note", sources="; ".join(parts))

    def _over(self, source: str, counts: set[int]) -> str:
        """Returns a source with its count in words: "bootstrap over 256 images"."""
        if not counts:
            return self.t.known(f"source.{source}", shortened(source, 80))
        least, most = min(counts), max(counts)
        n = (
            number(least)
            if least == most
            else self.t("interval.range", least=number(least), most=number(most))
        )
        if f"source_n.{source}" in self.t.sentences:
            return self.t(f"source_n.{source}", n=n)
        return f"{self.t.known(f'source.{source}', shortened(source, 80))}{self.t('word.comma')}n = {n}"


def image_element(picture: Picture, alt: str, scale: float = 1, extra: Markup | None = None) -> Markup:
    """Returns an <img> with its pixels inside, enlarged without smoothing."""
    return Markup(
        f'<img src="{picture.uri}" alt="{escape(visible(alt))}" width="{round(picture.width * scale)}" '
        f'height="{round(picture.height * scale)}" class="pixels"{extra or ""}>'
    )


def text(value: str | None) -> Cell:
    """Returns a cell with a name, shortened."""
    return Cell("text", shortened(value) if value else "–", sort=shortened(value or ""))


def numeral(value: float | None) -> Cell:
    """Returns a cell with a number."""
    return Cell("number", number(value), sort="" if value is None else f"{value:.9g}")


def estimate(value: Part[Estimate]) -> Cell:
    """Returns a cell with a value and its interval; a dash, with the reason, where it cannot be computed."""
    if not value:
        return Cell("number", "–")
    if "not_applicable" in value:
        return Cell("reason", value["not_applicable"])
    shown = value["value"]
    return Cell(
        "estimate",
        number(shown),
        interval(value["low"], value["high"]),
        "" if shown is None else f"{shown:.9g}",
    )


def bounds(value: Part[Estimate]) -> tuple[float, float | None, float | None]:
    """Returns value, low and high of an estimate that has a value.

    Raises:
        ValueError: it has none.
    """
    found = recorded(value)
    if found is None or found["value"] is None:
        raise ValueError("an estimate that is drawn must have a value")
    return found["value"], found["low"], found["high"]


def side_of_zero(value: Part[Estimate]) -> int:
    """Returns 1 where the interval of an estimate lies above 0, -1 where it lies below, else 0."""
    _, low, high = bounds(value)
    return int((low or 0.0) > 0) - int((high or 0.0) < 0)


def known(value: Part[Estimate]) -> float | None:
    """Returns the value of an estimate, or None where there is none."""
    found = recorded(value)
    return None if found is None or found["value"] is None else float(found["value"])
