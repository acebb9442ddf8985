"""Settings: which source wins, what is refused and how it is said, and that what is printed can be read back."""

import re
from pathlib import Path

import pytest

from latent_audit.tasks.errors import SettingsError
from latent_audit.tasks.settings.audit import Settings
from latent_audit.tasks.settings.layers import RENAMED, describe, load_settings, settings_from_words
from latent_audit.tasks.settings.run import store_of_words
from latent_audit.tasks.settings.words import parse_overrides


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.upper().startswith("LATENT_AUDIT_")]:
        monkeypatch.delenv(name)


def written(folder: Path, text: str) -> Path:
    path = folder / "audit.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(config: Path | None, *words: str) -> list[str]:
    """Returns the lines of what is said about settings that cannot be used."""
    with pytest.raises(SettingsError) as caught:
        load_settings(config, words)
    assert caught.value.exit_code == 2
    return [line.strip() for line in str(caught.value).splitlines()]


def test_defaults_are_three_models_by_three_seeds_on_sprites() -> None:
    settings = load_settings(None)
    assert (settings.data.kind, settings.seeds, settings.name) == ("sprites", (0, 1, 2), "sprites")
    assert [model.kind for model in settings.models.values()] == ["interpretable_gan", "beta_vae", "vae"]


def test_precedence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = written(tmp_path, "run: {seed: 1, name: of file}\nseeds: [1]\nevidence: {permutations: 101}\n")
    assert load_settings(config).run.seed == 1
    monkeypatch.setenv("LATENT_AUDIT_RUN__SEED", "2")
    monkeypatch.setenv("LATENT_AUDIT_SEEDS", "[4, 5]")
    monkeypatch.setenv("LATENT_AUDIT_EVIDENCE__THRESHOLDS__SIGNIFICANCE", "0.03")
    settings = load_settings(config)
    assert (settings.run.seed, settings.run.name, settings.seeds) == (2, "of file", (4, 5))
    assert (settings.evidence.permutations, settings.evidence.thresholds.significance) == (101, 0.03)
    settings = load_settings(config, ["--run.seed", "3", "--seeds=[7]"])
    assert (settings.run.seed, settings.run.name, settings.seeds) == (3, "of file", (7,))
    assert settings.evidence.bootstraps == 1000


def test_the_process_of_reading_leaves_settings_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flow that is handed settings must not read them over from its own environment."""
    settings = load_settings(None, ["--run.seed", "3"])
    monkeypatch.setenv("LATENT_AUDIT_RUN__SEED", "9")
    assert Settings.model_validate(settings.model_dump()).run.seed == 3


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["--data.image_size", "64"], {"data": {"image_size": 64}}),
        (["--data.image-size=64"], {"data": {"image_size": 64}}),
        (["--seeds", "[0,1]", "--run.name=a=b"], {"seeds": [0, 1], "run": {"name": "a=b"}}),
        (["--run.name", "null"], {"run": {"name": None}}),
        (["--run.seed", "1", "--run.seed", "2"], {"run": {"seed": 2}}),
    ],
)
def test_words_become_values(words: list[str], value: dict[str, object]) -> None:
    assert parse_overrides(words) == value


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["stray"], "expected a setting such as --data.image_size 64, got 'stray'"),
        (["--"], "expected a setting such as --data.image_size 64, got '--'"),
        (["--run.seed"], "--run.seed needs a value, as in --run.seed VALUE"),
        (["--run.name", "{a"], "--run.name: '{a' is not a YAML value; quote text with special signs"),
        (["--run", "1", "--run.seed", "2"], "--run.seed goes into run, which was given a value as a whole"),
        (["--models", "[" * 9000 + "]" * 9000], "--models cannot be a setting: its values nest too deep"),
    ],
)
def test_words_that_cannot_be_read(words: list[str], said: str) -> None:
    assert refused(None, *words) == [said]


@pytest.mark.parametrize("field", ["models", "evidence__thresholds"])
def test_what_cannot_be_read_in_the_environment(field: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, section = f"LATENT_AUDIT_{field.upper()}", field.partition("__")[0]
    monkeypatch.setenv(name, "{")
    said = f"a LATENT_AUDIT_ variable of {section} is not JSON, as the value of several settings must be"
    assert refused(None) == [said]
    monkeypatch.setenv(name, "[" * 9000)
    assert refused(None) == ["a LATENT_AUDIT_ variable cannot be a setting: its values nest too deep"]


@pytest.mark.parametrize("content", ["[" * 9000 + "]" * 9000, "a: {" * 9000, "- " * 9000])
def test_a_file_that_nests_deep_is_no_settings_file(content: str, tmp_path: Path) -> None:
    (said,) = refused(written(tmp_path, content))
    assert said.endswith("cannot be settings: its values nest too deep")


def test_a_single_knob_of_a_default_model_or_data_set() -> None:
    settings = load_settings(None, ["--models.beta_vae.beta", "8", "--data.images", "5000"])
    assert settings.models["beta_vae"].model_dump()["beta"] == 8
    assert list(settings.models) == ["interpretable_gan", "beta_vae", "vae"]
    assert settings.data.model_dump()["images"] == 5000


def test_the_other_data_set_comes_from_the_same_mirror_unless_it_names_its_own() -> None:
    words = ["--data.kind", "fashion_mnist", "--data.mirror", "here"]
    assert load_settings(None, words).outside is None
    same = load_settings(None, [*words, "--explanations.outside", "{kind: mnist}"])
    own = load_settings(None, [*words, "--explanations.outside", "{kind: mnist, mirror: there}"])
    assert same.outside is not None
    assert (same.outside.kind, same.outside.mirror) == ("mnist", "here")
    assert own.outside is not None
    assert own.outside.mirror == "there"
    drawn = load_settings(None, [*words, "--explanations.outside", "{kind: sprites}"])
    assert drawn.outside == drawn.explanations.outside  # sprites are fetched from nowhere


def test_models_of_a_file_replace_the_default_ones(tmp_path: Path) -> None:
    config = written(tmp_path, "models: {mine: {kind: vae, latent_dim: 3}}\n")
    assert list(load_settings(config).models) == ["mine"]
    settings = load_settings(config, ["--models.mine.latent_dim", "4"])
    assert settings.models["mine"].model_dump()["latent_dim"] == 4


def test_all_models_given_at_once_replace_those_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a whole `models` stands, it says which models there are."""

    def kinds(config: Path | None, *words: str) -> dict[str, str]:
        return {name: model.kind for name, model in load_settings(config, words).models.items()}

    config = written(tmp_path, "models: {of_file: {kind: vae}}\n")
    for place in (None, config):
        assert kinds(place, "--models", "{mine: {kind: vae}}") == {"mine": "vae"}
        assert kinds(place, "--models={vae: {latent_dim: 3}}") == {"vae": "vae"}
        assert kinds(place, "--models={a: {kind: vae}}", "--models.a.kind", "beta_vae") == {"a": "beta_vae"}
    monkeypatch.setenv("LATENT_AUDIT_MODELS", '{"of_environment": {"kind": "beta_vae"}}')
    for place in (None, config):
        assert kinds(place) == {"of_environment": "beta_vae"}
        assert kinds(place, "--models", "{mine: {kind: vae}}") == {"mine": "vae"}
    monkeypatch.setenv("LATENT_AUDIT_MODELS__OF_ENVIRONMENT__LATENT_DIM", "3")
    assert load_settings(config).models["of_environment"].model_dump()["latent_dim"] == 3
    assert refused(None, "--models", "3")[1].startswith("models: ")


def test_another_kind_of_data_takes_its_own_settings() -> None:
    settings = load_settings(None, ["--data.kind", "mnist", "--data.mirror", "../data"])
    assert (settings.data.kind, settings.name) == ("mnist", "mnist")
    assert settings.data.model_dump()["mirror"] == "../data"


def test_every_problem_is_said_at_once(tmp_path: Path) -> None:
    config = written(
        tmp_path,
        "run: {seeed: 1}\nevidence: {permutations: many, bootstraps: 10}\n"
        "models: {v: {kind: vae, latent_dims: 3}, w: {kind: wae}}\nseeds: [1, 1]\ntypo: 3\n",
    )
    lines = refused(config, "--compute.device", "gpu")
    assert lines[0] == "the settings have 8 problems:"
    assert lines[-1] == "See them all with: latent-audit settings"
    said = "\n".join(lines[1:-1])
    for expected in (
        "run.seeed: unknown setting; did you mean seed?",
        "evidence.permutations: Input should be a valid integer",
        "(got 'many')",
        "evidence.bootstraps: Input should be greater than or equal to 100 (got 10)",
        "models.v.latent_dims: unknown setting; did you mean latent_dim?",
        "models.w: ",
        "seeds: seeds must be different and not negative, got [1, 1]",
        "typo: unknown setting",
        "compute.device: expected auto, cpu, cuda or cuda:N, got 'gpu'",
    ):
        assert expected in said
    assert "interpretable_gan" in said  # the kinds that there are


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_setting_of_an_older_version_is_refused_with_its_new_name(old: str, new: str) -> None:
    section = "evidence" if old.startswith("null") else "explanations"
    (line,) = refused(None, f"--{section}.{old}", "200")[1:-1]
    assert line.strip() == f"{section}.{old}: unknown setting; it is called {new} now"
    assert getattr(getattr(load_settings(None, [f"--{section}.{new}", "200"]), section), new) == 200


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("--data.image_size=sixty", "data.image_size: Input should be 32 or 64 (got 'sixty')"),
        ("--run.seed=1.5", "run.seed: Input should be a valid integer, got a number with a fractional part"),
        ("--seeds=[]", "seeds: "),
        ("--seeds=[-1]", "seeds: seeds must be different and not negative, got [-1]"),
        ("--report.language=fr", "report.language: Input should be 'en' or 'zh' (got 'fr')"),
        ("--splits.probe_fit=.nan", "splits.probe_fit: "),
        ("--models.vae.learning_rate=.nan", "models.vae.learning_rate: "),
        ("--evidence.thresholds.significance=.nan", "evidence.thresholds"),
        ("--compute.stage_timeout_seconds=0", "compute.stage_timeout_seconds: "),
        ("--data.kind=imagenet", "data: "),
    ],
)
def test_wrong_values(word: str, said: str) -> None:
    lines = refused(None, word)
    assert lines[0] == "the settings have a problem:", lines
    assert lines[1].startswith(said), lines


def test_shares_add_up_to_one() -> None:
    said = "splits: the four shares must add up to 1, got 1.3"
    assert refused(None, "--splits.model_train=0.85")[1].startswith(said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--evidence.thresholds.significance=0"],
            "with permutations 2000 the smallest is 0.0005; give a larger",
        ),
        (
            ["--evidence.thresholds.significance=0.01"],
            "with null_directions_per_dimension 45 the smallest is 0.022; give at least 100, or a larger significance",
        ),
        (
            ["--evidence.thresholds.significance=0.02", "--evidence.null_directions_per_dimension=50"],
            "",
        ),
        (
            ["--evidence.thresholds.significance=0.005", "--evidence.permutations=100"],
            "with permutations 100 the smallest is 0.0099; give at least 200, or a larger significance",
        ),
    ],
)
def test_a_significance_that_no_p_value_can_reach_is_refused(words: list[str], said: str) -> None:
    if not said:
        assert load_settings(None, words).evidence.null_directions_per_dimension == 50
        return
    lines = refused(None, *words)
    assert lines[1].startswith("evidence: no p-value can be as small as thresholds.significance")
    assert said in lines[1]


def test_a_problem_of_the_environment_is_said_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENT_AUDIT_RUN__SEED", "first")
    assert refused(None)[1].startswith("run.seed: Input should be a valid integer")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("run: {seed: 1, seed: 2}\n", "given twice: seed"),
        ("models:\n  a: {kind: vae}\n  a: {kind: beta_vae}\n", "given twice: a"),
        ("run: [\n", "is not YAML"),
        ("- a\n", "must hold `section: ...` lines, got a list"),
        ("run: !!python/object/apply:os.getcwd []\n", "is not YAML"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    assert said in "\n".join(refused(written(tmp_path, text)))


def test_files_that_are_not_there_or_not_text(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    assert refused(missing) == [f"cannot read the settings file {missing}: No such file or directory"]
    assert refused(tmp_path)[0].startswith(f"cannot read the settings file {tmp_path}: Is a directory")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00run")
    assert "is not YAML" in refused(tmp_path / "bytes.yaml")[0]


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    assert load_settings(written(tmp_path, "# nothing yet\n")) == load_settings(None)


def test_there_is_a_model(tmp_path: Path) -> None:
    assert refused(written(tmp_path, "models: {}\n"))[1].startswith("models: expected at least 1")


@pytest.mark.parametrize(
    "names",
    ["{a: {kind: vae}, A: {kind: vae}}", "{' ': {kind: vae}}", "{a: {kind: vae}, 'a ': {kind: vae}}"],
)
def test_model_names_differ_to_a_reader(tmp_path: Path, names: str) -> None:
    lines = refused(written(tmp_path, f"models: {names}\n"))
    assert lines[1].startswith("models: model names must be different and not empty, got")


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--data.kind", "celeba", "--run.name", "'it''s: a \"test\" # really'", "--subject.owner", "Zoë 李"],
        ["--data={kind: folder, folder: pics, table: t.csv, types: {angle: {kind: cyclic, period: 6.28}}}"],
        ["--models={a b: {kind: beta_vae, beta: 0.1}}", "--seeds=[3]", "--tracking.uri", "http://h:1"],
    ],
)
def test_what_is_described_is_a_config_file(tmp_path: Path, words: list[str]) -> None:
    settings = load_settings(None, words)
    text = describe(settings)
    assert load_settings(written(tmp_path, text)) == settings
    assert describe(load_settings(tmp_path / "audit.yaml")) == text
    bare = [line.split(":")[0].strip() for line in text.splitlines() if "#" not in line and line[-1] != ":"]
    assert set(bare) <= {"kind"}  # a line on each setting
    assert "# None" not in text


def test_the_store_is_known_before_all_other_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "audit.yaml"
    file.write_text("run: {store: of_the_file, name: a}\ndata: {kind: mnist}\n")
    for words in (
        [],
        [str(file)],
        [str(file), "--run.store", "of_the_words"],
        ["--seeds=[4]", "--run.seed", "3"],
    ):
        assert store_of_words(words) == settings_from_words(words).run.store
    monkeypatch.setenv("LATENT_AUDIT_RUN__STORE", "of_the_environment")
    for words in ([], [str(file)], [str(file), "--run.store", "of_the_words"]):
        assert store_of_words(words) == settings_from_words(words).run.store
    assert store_of_words([]) == Path("of_the_environment")
    for wrong in (["--run.store"], ["nowhere.yaml"], ["--run.stove", "x"], ["--run", "3"]):
        assert store_of_words(wrong) is None


def test_a_shorter_training_needs_no_other_setting() -> None:
    """Also where the rest comes from the defaults, and from a settings file that shows them all."""
    settings = load_settings(
        None, ["--models", "{m: {kind: vae, training: {steps: 120}}}", "--classifier.training.steps", "60"]
    )
    assert (settings.models["m"].warm_up, settings.models["m"].training.evaluation_interval) == (16, 30)
    assert settings.classifier.training.evaluation_interval == 12


def test_a_settings_file_of_the_defaults_can_be_shortened(tmp_path: Path) -> None:
    shown = describe(Settings())
    assert "warm_up_steps: 0.1333" in shown
    file = tmp_path / "settings.yaml"
    file.write_text(shown.replace("steps: 1500", "steps: 90").replace("steps: 1200", "steps: 60"))
    settings = load_settings(file, [])
    assert settings.models["vae"].training.steps == 90
    assert settings.models["interpretable_gan"].warm_up == 35


def test_what_is_required_of_an_unknown_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("models: {vae: {kind: vae}}\nrequire: {gan: {scale: {place: direction}}}\n")
    with pytest.raises(SettingsError, match=r"require names 'gan', and the models are vae"):
        load_settings(path)
    path.write_text("models: {vae: {kind: vae}}\nrequire: {vae: {scale: {place: direction}}}\n")
    required = load_settings(path).require["vae"]["scale"]
    assert (required.place, required.verdict) == ("direction", "supported")


def test_claims_of_absence_are_names_or_name_what_is_given(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text(
        "models: {vae: {kind: vae}}\n"
        "evidence: {must_not_hold: [scanner, {attribute: sex, given: [age]}]}\n"
        "require: {vae: {sex: absent, hospital: absent, scale: direction}}\n"
    )
    settings = load_settings(path)
    claims = [(claim.attribute, claim.given) for claim in settings.claims_of_absence]
    assert claims == [("scanner", ()), ("sex", ("age",)), ("hospital", ())]
    assert settings.require["vae"]["scale"].place == "direction"
    assert (
        load_settings(None, ["--evidence.must_not_hold", "scanner"]).claims_of_absence[0].attribute
        == "scanner"
    )
    assert not load_settings(None).claims_of_absence


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ("[scanner, scanner]", "each claim must stand there once, got scanner more often"),
        ("[{attribute: sex, given: [sex]}]", "given must name other attributes than sex"),
        ("[{attribute: sex, beyond: [age]}]", "beyond: unknown setting"),
    ],
)
def test_claims_of_absence_that_cannot_be_meant_are_refused(claims: str, said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        load_settings(None, ["--evidence.must_not_hold", claims])


def test_the_significance_is_corrected_over_the_trained_models_where_that_is_said() -> None:
    models = ["--models", "{a: {kind: vae}, b: {kind: vae}}", "--seeds", "[0, 1]"]
    alone = load_settings(None, models)
    assert alone.thresholds == alone.evidence.thresholds
    over_all = load_settings(None, [*models, "--evidence.correction", "run"])
    assert over_all.thresholds.significance == pytest.approx(0.05 / 4)
    assert over_all.evidence.thresholds.significance == 0.05
    words = [*models, "--evidence.correction", "run", "--evidence.permutations", "200"]
    words += [
        "--evidence.thresholds.significance",
        "0.005",
        "--evidence.null_directions_per_dimension",
        "400",
    ]
    with pytest.raises(
        SettingsError, match="corrected over 4 trained models: give at least 800 permutations"
    ):
        load_settings(None, words)
