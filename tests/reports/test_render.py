"""The page: whole without scripts, the same bytes anywhere, nothing fetched, names as text."""

import base64
import copy
import hashlib
import itertools
import re
import time
from html import unescape
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from latent_audit.reports.errors import LanguageUnknown, RunIncomplete
from latent_audit.reports.page import messages
from latent_audit.reports.page.context import Page
from latent_audit.reports.page.render import SECTIONS, render, script_hash
from latent_audit.reports.page.sections.overview import summary
from latent_audit.reports.record.audit_json import write_audit
from latent_audit.vocabulary.record.audit import Audit
from tests.browser.seen_text import seen_text
from tests.reports.audit_builder import HOSTILE, AuditBuilder
from tests.reports.conftest import Rendered, elements, make_run


def test_every_section_is_there_in_order(full_run: Rendered) -> None:
    ids = [e.attributes["id"] for e in elements(full_run.html) if e.tag == "section"]
    assert tuple(ids) == SECTIONS
    assert len(ids) == 27
    assert ids[:5] == ["summary", "trust", "next", "attributes", "try"]


def test_ids_are_unique_and_links_lead_somewhere(full_run: Rendered) -> None:
    found = elements(full_run.html)
    ids = [e.attributes["id"] for e in found if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    for element in found:
        for name in ("href", "xlink:href"):
            target = element.attributes.get(name)
            if target is not None and not target.startswith("data:"):
                assert target.startswith("#")
                assert target[1:] in ids


def test_headings_are_in_order(full_run: Rendered) -> None:
    levels = [int(e.tag[1]) for e in elements(full_run.html) if re.fullmatch("h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_pictures_say_what_they_show(full_run: Rendered) -> None:
    found = elements(full_run.html)
    images = [e for e in found if e.tag == "img"]
    plots = [
        e
        for e in found
        if e.tag == "svg" and e.attributes.get("role") == "img" and "plot" in e.attributes.get("class", "")
    ]
    assert len(images) > 30
    assert len(plots) > 50
    assert all(len(e.attributes["alt"]) > 15 for e in images)
    assert all(len(e.attributes["aria-label"]) > 30 for e in plots)
    assert all(e.attributes["src"].startswith("data:image/") for e in images)


def test_alt_text_follows_the_numbers(full_run: Rendered) -> None:
    model = full_run.audit["models"][0]
    cells = np.array(model["association"]["uncertainty"])
    row, column = np.unravel_index(cells.argmax(), cells.shape)
    significant = int((np.array(model["association"]["p_adjusted"]) <= 0.05).sum())
    attribute = full_run.audit["data"]["attributes"][row]["name"]
    alt = (
        f"In vae the strongest association is {cells.max():.2f}, of {attribute} "
        f"with z{column}; {significant} of 50 cells are significant."
    )
    assert f'aria-label="{alt}"' in full_run.html


def test_first_screen_says_what_was_found(full_run: Rendered) -> None:
    digest = hashlib.sha256((full_run.folder / "audit.json").read_bytes()).hexdigest()
    assert full_run.html.count(digest) == 2
    first = text_of(full_run.html[: full_run.html.index('<section id="trust"')])
    for words in (
        "Interpretable GAN has one dimension each for shape, size, left-right position and up-down position.",
        "It was given these labels in training, so this confirms its design.",
        "Beta-VAE has one dimension each for size, left-right position and up-down position.",
        "Can I trust it?",
        "You may say",
        "You may not say",
        "Next",
        "20260301-101500-ab12",
        "0 of 45 claims on meaningless codes passed",
    ):
        assert words in first, words
    assert full_run.html.index('id="summary"') < full_run.html.index('class="wide matrix strips"')


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_a_cell_has_frames_a_phrase_an_effect_and_a_dot_a_seed(full_run: Rendered) -> None:
    first = full_run.html[: full_run.html.index('<section id="trust"')]
    cells = re.findall(r'<td data-model="[^"]+" class="(\w+)">(.*?)</td>', first, re.S)
    assert len(cells) == 15
    supported = [cell for verdict, cell in cells if verdict == "supported"]
    assert len(supported) == 7
    for cell in supported:
        assert '<span class="strip"><img src="data:image/' in cell
        assert "own dimension z" in text_of(cell)
        assert cell.count('class="dot full" role="img"') == 3
    assert any("by 0.77 of the width" in text_of(cell) for cell in supported)
    partly = [text_of(cell) for verdict, cell in cells if verdict == "partly_supported"]
    assert all("direction z" in cell and "also changes" in cell for cell in partly)
    assert any("not found: the code tells at most 2 %" in text_of(cell) for _, cell in cells)


def test_what_is_closed_is_short(full_run: Rendered) -> None:
    """Only the answer and one line a thing are seen before anything is opened."""
    seen = seen_text(full_run.html)
    assert len(seen) <= 12_000
    first = seen_text(full_run.html[: full_run.html.index('<section id="trust"')])
    assert len(first) <= 3_000  # five attributes in three models; tests/browser counts what one screen shows


def test_every_interval_names_its_source_and_count(full_run: Rendered) -> None:
    assert "Intervals: 95 %, bootstrap over 1 024 images." in full_run.html
    assert "Intervals: 95 %, seeds, n = 1 024." in full_run.html


def test_forbidden_words_do_not_appear() -> None:
    for language in messages.languages():
        told = " ".join(messages.load(language).sentences.values()).lower()
        for word in ("proves", "understands", "fair", "compliant", "complies"):
            assert not re.search(rf"\b{word}\b", told)


def test_nothing_is_fetched(full_run: Rendered) -> None:
    for element in elements(full_run.html):
        assert element.tag not in ("link", "iframe", "object", "embed", "base", "form", "video", "audio")
        for name, value in element.attributes.items():
            assert not name.startswith("on")
            if name in ("src", "href", "xlink:href", "action", "poster", "srcset"):
                assert value.startswith(("#", "data:image/"))
            if name == "style":
                assert not re.search(r"url\((?!#)", value)
    style = re.search(r"<style>(.*?)</style>", full_run.html, re.S)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]


def test_policy_lets_only_this_script_run(full_run: Rendered) -> None:
    scripts = re.findall(r"<script\b[^>]*>(.*?)</script>", full_run.html, re.S)
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = next(e.attributes["content"] for e in elements(full_run.html) if e.attributes.get("http-equiv"))
    assert (
        policy
        == f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'"
    )
    assert script_hash(scripts[0]) == f"sha256-{digest}"
    assert len(scripts[0]) <= 28_672


def test_one_map_of_each_model_is_in_the_page_and_the_others_are_files_that_it_names(
    full_run: Rendered,
) -> None:
    leads = [model for model in full_run.audit["models"] if model["is_lead"]]
    assert full_run.html.count('<div class="map"') == len(leads)
    named = set(re.findall(r"figures/(map-[\w-]+\.svg)", full_run.html))
    assert len(named) == sum(len(model["projections"]) - 1 for model in leads) > 0
    assert all((full_run.folder / "figures" / name).is_file() for name in named)


def test_maps_keep_names_as_text(full_run: Rendered) -> None:
    for path in (full_run.folder / "figures").glob("map-*.svg"):
        svg = path.read_text()
        for name in ("shape", "orientation", "posY", "ellipse"):
            assert re.search(rf">{name}</text>", svg)


def test_size_is_within_bounds(full_run: Rendered) -> None:
    assert len(full_run.html.encode()) <= 5_000_000


def test_figures_lie_beside_the_report(full_run: Rendered) -> None:
    names = {path.name for path in (full_run.folder / "figures").iterdir()}
    assert {"data-correlation.svg", "model-comparison.svg", "ledger.svg", "data-samples.png"} <= names
    assert all(path.read_bytes() for path in (full_run.folder / "figures").iterdir())
    assert not any(b"<dc:date" in path.read_bytes() for path in (full_run.folder / "figures").glob("*.svg"))


def test_same_inputs_give_the_same_bytes(
    small_builder: AuditBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_run(small_builder)
    first = render(small_builder.folder).read_bytes()
    other = AuditBuilder(
        tmp_path / "elsewhere" / "run",
        models=small_builder.models,
        attributes=small_builder.attributes,
        dimensions=3,
        seeds=1,
        image_size=12,
    )
    make_run(other)
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    monkeypatch.chdir(tmp_path)
    try:
        assert render(other.folder).read_bytes() == first
    finally:
        monkeypatch.undo()
        time.tzset()
    figures = [
        {p.name: p.read_bytes() for p in (b.folder / "figures").iterdir()} for b in (small_builder, other)
    ]
    assert figures[0] == figures[1]


def test_one_model_has_one_column(small_builder: AuditBuilder) -> None:
    make_run(small_builder)
    html = render(small_builder.folder).read_text()
    first = html[: html.index('<section id="trust"')]
    assert first.count('<th scope="col">') == 1
    assert "contains size, but no control passed the checks." in first


@pytest.mark.parametrize(
    ("models", "attributes", "layout"),
    [(1, 40, "chips"), (3, 5, "strips"), (6, 5, "chips"), (2, 40, "chips"), (3, 6, "strips")],
)
def test_the_matrix_fits_its_size(
    small_builder: AuditBuilder, models: int, attributes: int, layout: str
) -> None:
    audit = small_builder.write()
    model, attribute, verdict = audit["models"][0], audit["data"]["attributes"][0], audit["verdicts"][0]
    names = [f"m{i}" for i in range(models)], [f"attribute {i}" for i in range(attributes)]
    audit["models"] = [{**model, "name": name} for name in names[0]]
    audit["data"]["attributes"] = [{**attribute, "name": name} for name in names[1]]
    audit["verdicts"] = [{**verdict, "model": m, "attribute": a} for m, a in itertools.product(*names)]
    page = Page(small_builder.folder, cast(Audit, audit), {"run_id": "r"}, [], "", messages.load("en"))
    built = summary.build(page)["matrix"]
    assert built["layout"] == layout
    assert len(built["rows"]) + len(built["lines"]) == attributes
    assert all(len(row["cells"]) == models for row in built["rows"])


def test_absent_parts_print_their_reason(small_builder: AuditBuilder) -> None:
    audit = copy.deepcopy(small_builder.write())
    reason = {"not_applicable": "This model <has> no decoder."}
    for part in (
        "association",
        "probes",
        "specificity",
        "intervention",
        "traversal",
        "projections",
        "attributions",
        "gan",
        "training",
    ):
        audit["models"][0][part] = reason
    audit["models"][0]["fitness"].update(
        reconstruction=reason, kl=reason, reconstruction_pairs=None, samples=reason
    )
    audit["data"].update(correlation=None, samples=None)
    audit.update(stability=reason, subgroups=reason, comparison=None, unclaimed=[], classifier=reason)
    for verdict in audit["verdicts"]:
        verdict.update(effect=None, dimension=None, dimension_name=None, counter_examples=None)
    write_audit(small_builder.folder, audit)
    html = render(small_builder.folder).read_text()
    assert html.count("Not available: This model &lt;has&gt; no decoder.") >= 8
    assert "this run recorded nothing for this part." in html
    assert "this run made no entry for this part." in html
    assert [e.attributes["id"] for e in elements(html) if e.tag == "section"] == list(SECTIONS)


def test_hostile_names_come_out_as_text(hostile_run: Rendered) -> None:
    found = elements(hostile_run.html)
    assert sum(e.tag == "script" for e in found) == 1
    assert all(e.attributes.get("src", "data:").startswith("data:image/") for e in found if e.tag == "img")
    assert not any(name.startswith("on") for e in found for name in e.attributes)
    assert "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in hostile_run.html
    assert "{{ 7*7 }}" in hostile_run.html
    assert not re.search(r"(?<!\d)two\S*\s*lines 49", hostile_run.html)
    assert "\u202e" not in hostile_run.html
    assert "⟨U+202E⟩right to left" in hostile_run.html
    assert "$\\frac{a}{b}$" in hostile_run.html
    ids = [e.attributes["id"] for e in found if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[A-Za-z0-9_.:-]+", value) for value in ids)


def test_a_name_of_ten_thousand_letters_stands_in_full_only_once(hostile_run: Rendered) -> None:
    assert hostile_run.html.count(HOSTILE[4]) <= 1 + 3  # itself, and its three classes carry it too
    assert len(hostile_run.html) < 3_000_000


def test_hostile_names_are_plain_in_figure_files(hostile_run: Rendered) -> None:
    for path in (hostile_run.folder / "figures").iterdir():
        assert re.fullmatch(r"[a-z0-9_-]+\.(svg|png|webp)", path.name)
        if path.suffix == ".svg":
            text = path.read_text()
            assert "<script" not in text
            assert "<img" not in text
            assert "\u202e" not in text
            assert "~000" not in text


def test_catalogues_say_the_same_things() -> None:
    english, chinese = messages.load("en").sentences, messages.load("zh").sentences
    assert english.keys() == chinese.keys()
    for key, sentence in english.items():
        assert sorted(re.findall(r"{(\w+)}", sentence)) == sorted(re.findall(r"{(\w+)}", chinese[key])), key


def test_the_chinese_page_is_chinese(small_builder: AuditBuilder) -> None:
    make_run(small_builder)
    html = render(small_builder.folder, "zh").read_text()
    assert '<html lang="zh-Hans">' in html
    assert "关联矩阵" in html
    assert "Mapping matrix" not in html
    with pytest.raises(LanguageUnknown, match="there are en, zh"):
        render(small_builder.folder, "xx")


def test_missing_or_altered_inputs_are_named(small_builder: AuditBuilder) -> None:
    make_run(small_builder)
    path = small_builder.folder / "arrays" / "samples.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(RunIncomplete, match=r"arrays/samples\.npy is not the file"):
        render(small_builder.folder)
    path.unlink()
    with pytest.raises(RunIncomplete, match=r"arrays/samples\.npy is missing"):
        render(small_builder.folder)
    (small_builder.folder / "run.json").unlink()
    with pytest.raises(RunIncomplete, match=r"run\.json is missing"):
        render(small_builder.folder)


def test_content_stands_in_the_page_without_scripts(full_run: Rendered) -> None:
    bare = re.sub(r"<script>.*?</script>", "", full_run.html, flags=re.S)
    assert bare.count("<table") > 60
    assert bare.count("<figure") > 60
    assert "<noscript" not in bare
    assert "hidden" not in {e.tag for e in elements(bare)}
