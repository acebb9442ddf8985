"""The command line: latent-audit run | settings | data | ui | selftest."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.datasets.errors import DataError
from tasks.errors import AuditError, Stopped
from tasks.store import writing

if TYPE_CHECKING:
    from tasks.settings import Settings

DESCRIPTION = """\
Audits what generative models know: which latent dimensions carry which semantic attributes, and how sure we are.

  latent-audit run                                   the default audit: 3 models x 3 seeds on rendered sprites
  latent-audit run configs/celeba.yaml               an audit from a settings file
  latent-audit run --data.kind mnist --seeds [0,1]   any setting can be given on the command line
  latent-audit settings                              every setting, its value and what it means
"""
RUN = """\
Runs an audit and writes its report. The same command reuses every finished stage, and goes on where an
interrupted run stopped.

  CONFIG.yaml                     settings file; what it leaves out keeps its default
  --section.key VALUE             any setting, e.g. --run.name nightly --models.beta_vae.beta 8 --data.mirror DIR
  LATENT_AUDIT_SECTION__KEY       the same from the environment

Results: runs/<name>/<run id>/report.html and audit.json; runs/latest is the newest complete run.
"""
INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code: 0 done, 1 failed, 2 bad settings or usage, 130 stopped."""
    parser = _parser()
    arguments, overrides = parser.parse_known_args(words)
    if overrides and not hasattr(arguments, "takes_settings"):
        parser.error(f"unknown arguments: {' '.join(overrides)}")
    try:
        code: int = arguments.act(arguments, overrides)
    except Stopped as error:
        print(f"latent-audit: {error}", file=sys.stderr)
        return INTERRUPTED
    except KeyboardInterrupt:
        print("latent-audit: ended; the same command goes on from the last finished stage", file=sys.stderr)
        return INTERRUPTED
    except (AuditError, DataError) as error:
        print(f"latent-audit: {error}", file=sys.stderr)
        return 2 if isinstance(error, AuditError) and error.is_usage else 1
    return code


def _parser() -> argparse.ArgumentParser:
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("latent-audit", description=DESCRIPTION, formatter_class=formatter)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = commands.add_parser(
        "run",
        help="run an audit and write its report",
        description=RUN,
        formatter_class=formatter,
        usage="latent-audit run [CONFIG.yaml] [--section.key VALUE ...]",
    )
    run.set_defaults(act=_run, takes_settings=True)

    settings = commands.add_parser(
        "settings",
        help="print the effective settings, with a line on each; the output is a valid CONFIG.yaml",
        usage="latent-audit settings [CONFIG.yaml] [--section.key VALUE ...]",
    )
    settings.set_defaults(act=_settings, takes_settings=True)

    data = commands.add_parser(
        "data",
        help="download one data set and describe it",
        usage="latent-audit data NAME [--data.key VALUE ...]",
    )
    data.add_argument("name", help="a data set's kind: sprites, mnist, fashion_mnist, celeba, ...")
    data.set_defaults(act=_data, takes_settings=True)

    ui = commands.add_parser(
        "ui",
        help="open MLflow's pages on the run's store, on this machine only",
        usage="latent-audit ui [CONFIG.yaml] [--port PORT] [--section.key VALUE ...]",
    )
    ui.add_argument("--port", type=int, default=5000, help="port on 127.0.0.1 (default 5000)")
    ui.set_defaults(act=_ui, takes_settings=True)

    selftest = commands.add_parser(
        "selftest",
        help="measure the error rates of the evidence itself, on worlds whose truth is known",
        usage="latent-audit selftest [--reduced | --save] [--seed N]",
    )
    size = selftest.add_mutually_exclusive_group()
    size.add_argument("--reduced", action="store_true", help="fewer worlds: a minute instead of ten")
    selftest.add_argument("--seed", type=int, default=0, help="seed of the worlds (default 0)")
    size.add_argument(
        "--save", action="store_true", help="keep the figures: reports of this installation cite them"
    )
    selftest.set_defaults(act=_selftest)
    return parser


def _load(words: Sequence[str]) -> "Settings":
    """Returns the settings; a first word that is no --section.key names their file.

    argparse would take the first VALUE of an unknown --section.key for the file.
    """
    from tasks.settings_sources import load_settings

    if words and not words[0].startswith("-"):
        return load_settings(Path(words[0]), words[1:])
    return load_settings(None, words)


def _run(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks import environment

    settings = _load(overrides)
    with writing(settings.run.store):
        environment.prepare(settings.run.store)  # before Prefect and MLflow are imported
    from flows.audit_flow import audit

    folder = audit(settings)
    shown = _short(folder)
    print(f"\nreport: {shown / 'report.html'}\nMLflow: {_ui_command(arguments, settings.run.store)}")
    return 0


def _settings(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks.settings_sources import describe

    print(describe(_load(overrides)), end="")
    return 0


def _data(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks.describe_data import describe_data
    from tasks.settings_sources import load_settings

    settings = load_settings(None, ["--data.kind", arguments.name, *overrides])
    describe_data(settings)
    return 0


def _ui(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks import environment

    settings = _load(overrides)
    with writing(settings.run.store):
        environment.prepare(settings.run.store)
    from tasks.mlflow_ui import serve

    return serve(settings, arguments.port)


def _selftest(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks.selftest_record import perform

    return 0 if perform(reduced=arguments.reduced, seed=arguments.seed, save=arguments.save) else 1


def _ui_command(arguments: argparse.Namespace, store: Path) -> str:
    default = Path("artifacts")
    return "latent-audit ui" if store == default else f"latent-audit ui --run.store {store}"


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
