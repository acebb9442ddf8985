"""Odd forms of settings: each is read as it was meant, or refused in a sentence within seconds."""

import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from latent_audit.flows.cli.main import main
from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.layers import load_settings, settings_from_words
from latent_audit.tasks.settings.run import store_of_words
from latent_audit.tasks.settings.words import parse_overrides, word_of

# Ten lists of ten lists ..., a thousand million values in a few hundred bytes.
LISTS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]\n" for k in range(1, 9)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{k}: &a{k} {{<<: [{', '.join([f'*a{k - 1}'] * 10)}]}}\n" for k in range(1, 9)
)


def written(folder: Path, text: str) -> Path:
    file = folder / "audit.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_anchors_and_merges_are_read(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "models:\n  first: &first {kind: beta_vae, latent_dim: 4, beta: 2}\n  second: &second {<<: *first, beta: 6}\n"
        "  third: {<<: *second, latent_dim: 3}\n",
    )
    models = load_settings(file).models
    found = {name: (model.latent_dim, getattr(model, "beta", None)) for name, model in models.items()}
    assert found == {"first": (4, 2.0), "second": (4, 6.0), "third": (3, 6.0)}


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{LISTS}run: {{name: *a8}}\n", "its aliases stand for more than 100,000 values"),
        (MERGES, "its aliases stand for more than 100,000 values"),
        ("run: &run {name: *run}\n", "its aliases stand for more than 100,000 values"),
        (f"run: {{seed: {'9' * 5000}}}\n", f"'{'9' * 60}' cannot be read"),
        ("run: {seed: !!int x}\n", "'x' cannot be read (invalid literal for int"),
        ("run: {name: !!timestamp x}\n", "'x' cannot be read"),
        ("? [1, 2]\n: 3\n", "is not YAML"),
        ("x" * 1_100_000, "it has more than 1,048,576 characters"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(written(tmp_path, text))
    assert said in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--run.seed", "9" * 5000], "is not a YAML value"),
        (["--run.seed", "!!int x"], "is not a YAML value"),
        (["--models.vae", "{kind: vae, kind: beta_vae}"], "given twice: kind"),
        (["--run.name", f"[{LISTS}"], "is not a YAML value"),
    ],
)
def test_words_that_cannot_be_read_are_said(words: list[str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(None, words)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("name", ["2026-11-29", "2026-99-99"])
def test_a_date_is_a_name(name: str, tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, f"run: {{name: {name}}}\n")).run.name == name
    assert load_settings(None, ["--run.name", name]).run.name == name


def test_text_that_looks_like_something_else_is_asked_to_be_quoted(tmp_path: Path) -> None:
    assert load_settings(None, ["--run.name", "007"]).run.name == "007"
    for given in ("7", "yes", "1.5"):
        with pytest.raises(
            SettingsError, match="put text that looks like a number, yes or no in quotation marks"
        ):
            load_settings(None, ["--run.name", given])


def test_a_hyphen_in_the_name_of_a_model_stays(tmp_path: Path) -> None:
    file = written(tmp_path, "models: {my-vae: {kind: vae}}\n")
    assert load_settings(file, ["--models.my-vae.latent-dim", "3"]).models["my-vae"].latent_dim == 3
    assert parse_overrides(["--data.types.size-mm", "ordinal", "--run.shared-store", "x"]) == {
        "data": {"types": {"size-mm": "ordinal"}},
        "run": {"shared_store": "x"},
    }


@pytest.mark.timeout(60)
def test_settings_from_a_pipe_are_read_once_and_count(tmp_path: Path) -> None:
    """As in `latent-audit run <(envsubst < audit.yaml)`: the store is read from it before all other settings."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("run: {store: elsewhere, name: of the pipe}\n",))
    writer.start()
    assert store_of_words([str(pipe)]) == Path("elsewhere")
    writer.join()
    assert settings_from_words([str(pipe)]).run.name == "of the pipe"


@pytest.mark.parametrize(
    "text", ["afresh", "my store", "007", "a: b", "a\x1b[2J\nb", "größe", "yes", "-", "it's"]
)
def test_a_word_is_read_as_the_text_that_it_was_made_of(text: str) -> None:
    assert parse_overrides(["--run.name", word_of(text)]) == {"run": {"name": text}}
    assert word_of("afresh") == "afresh"


def fractions(
    annotation: Any, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    """Yields the model and the name of every setting that is a fraction."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            if field.annotation is float or float in get_args(field.annotation):
                yield (*before, name), annotation
            yield from fractions(field.annotation, (*before, name))
    elif get_origin(annotation) in (Union, dict, tuple) or get_args(annotation):
        for part in get_args(annotation):
            yield from fractions(part, before)


def test_no_setting_is_infinite_or_no_number() -> None:
    """The record of a run is JSON, which has no words for these."""
    found = {(model, path[-1]) for path, model in fractions(Settings)}
    assert len(found) > 40
    for model, name in found:
        assert model.model_config.get("allow_inf_nan") is False, (model, name)
    for words in (
        ["--compute.stage_timeout_seconds", ".inf"],
        ["--data.kind", "mnist", "--data.download_seconds", ".inf"],
        ["--models.beta_vae.beta", ".inf"],
        ["--models.vae.learning_rate", "1e999"],
        ["--splits.model_train", ".nan"],
        ["--evidence.thresholds.significance", ".nan"],
    ):
        with pytest.raises(SettingsError, match=r"finite number|must be between 0 and 10"):
            load_settings(None, words)


@pytest.mark.parametrize("value", [".nan", "[.inf]", "{a: 1, 2: b}", "!!set {x}", "!!binary aGk="])
def test_arguments_of_an_entrypoint_are_plain_values(value: str) -> None:
    words = ["--models", f"{{mine: {{kind: entrypoint, entrypoint: 'a:b', arguments: {{x: {value}}}}}}}"]
    with pytest.raises(SettingsError, match="the argument x is no plain value"):
        load_settings(None, words)


@pytest.mark.parametrize(
    "name", ["/dev/zero", "/dev/urandom", "x" * 300, f"configs/{'x' * 300}", "/proc/self/mem", "loop.yaml"]
)
def test_a_settings_file_that_is_none_is_said(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop.yaml").symlink_to("loop.yaml")
    assert main(["settings", name]) == 2
    said = capsys.readouterr().err
    assert said.startswith("latent-audit: ")
    assert re.search(r"is not YAML|cannot read the settings file|cannot be settings", said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--run.store", '"a\\0b"'], "run.store: a path holds no zero byte"),
        (["--run.output", '"\\0"'], "run.output: a path holds no zero byte"),
        (["--data", "{kind: folder, folder: a, table: b, attributes: [x, y, x]}"], "data.attributes: given twice: x"),
        (["--data", "{kind: folder, folder: a, table: b, types: {x: {kind: cyclic, period: 1e-300}}}"], "1e-30"),
    ],
)  # fmt: skip
def test_values_that_would_fail_later_are_refused(words: list[str], said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(None, words)
    assert said in str(caught.value)


def test_two_escapes_of_json_that_name_one_character_are_joined() -> None:
    name = "émotion 😀"
    assert json.dumps(name) == r'"\u00e9motion \ud83d\ude00"'
    assert parse_overrides(["--data.attributes", json.dumps([name])]) == {"data": {"attributes": [name]}}
    assert parse_overrides(["--models", json.dumps({name: {}})]) == {"models": {name: {}}}
    for half in (r'"\ud83d"', r'"\ude00\ud83d"'):
        with pytest.raises(SettingsError, match="is not a YAML value"):
            parse_overrides(["--run.name", half])


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("MODELS", '{"\\ud83d": {"kind": "vae"}}', r"holds \\ud83d, which is no text: half of a character"),
        ("RUN__NAME", "\udcff\udcfe", r"holds \\udcff\\udcfe, which is no text: .* bytes that are not UTF-8"),
        ("DATA", '{"kind": "sprites", "kind": "mnist"}', "variable of data: given twice: kind"),
        ("DTA__IMAGE_SIZE", "64", r"there is no dta; did you mean LATENT_AUDIT_DATA__\.\.\.\?"),
        (
            "SEED",
            "3",
            r"LATENT_AUDIT_SEED in the environment is no setting: .* did you mean LATENT_AUDIT_SEEDS",
        ),
    ],
)
def test_odd_variables_are_refused(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"LATENT_AUDIT_{name}", value)
    with pytest.raises(SettingsError, match=said):
        load_settings(None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1: 2\n", "and 1 is the name of no section"),
        ("? \n: 2\n", "and None is the name of no section"),
        ("image_size: 64\n", r"did you mean data\.image_size and explanations\.image_size\?"),
        ("data.image_size: 64\n", r"a file nests it, as in data: \{image_size: \.\.\.\}"),
        (
            "data: {kind: sprits}\n",
            r"data: there is no kind 'sprits'; did you mean sprites\? Kinds are sprites, mnist",
        ),
        ("models: {own: {beta: 2}}\n", r"models\.own: expected a kind, as in \{kind: vae\} \(got"),
        ("evidence:\n", r"evidence: expected keys with values, as in \{key: value\} \(got None\)"),
        ("seeds: 3\n", r"seeds: expected a list, as in \[first, second\] \(got 3\)"),
        ("seeds: []\n", "seeds: expected at least 1 value"),
        ("run: {store: 5}\n", r"run\.store: expected a path.*\(got 5\)"),
        ("seeds: [4294967296]\n", r"less than 2147483648, got \[4294967296\]$"),
        ("seeds: [1:30]\n", "got '1:30'"),
        (
            'models: {"e\u0301": {kind: vae}, "\u00e9": {kind: vae}}\n',
            r"must be different and not empty, got .*'e\\\\u0301' and '\\\\xe9'",
        ),
        ('models: {"a\u200b": {kind: vae}, "a": {kind: vae}}\n', "must be different and not empty, got"),
        ('models: {"\u200b": {kind: vae}}\n', "must be different and not empty, got"),
    ],
)
def test_odd_files_are_refused_in_words_of_settings(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.compile(said, re.MULTILINE)):
        load_settings(written(tmp_path, text))


def test_a_number_with_a_leading_zero_is_no_octal_one(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "seeds: [010, 1_000]\n")).seeds == (10, 1000)
