"""The command line: latent-audit run | settings | data | ui | selftest."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tasks.errors import AuditError, Stopped

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
    if overrides and not hasattr(arguments, "config"):
        parser.error(f"unknown arguments: {' '.join(overrides)}")
    try:
        code: int = arguments.act(arguments, overrides)
    except Stopped as error:
        print(f"latent-audit: {error}", file=sys.stderr)
        return INTERRUPTED
    except KeyboardInterrupt:
        print("latent-audit: ended; the same command goes on from the last finished stage", file=sys.stderr)
        return INTERRUPTED
    except AuditError as error:
        print(f"latent-audit: {error}", file=sys.stderr)
        return 2 if error.is_usage else 1
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
    run.add_argument("config", nargs="?", type=Path, help=argparse.SUPPRESS)
    run.set_defaults(act=_run)

    settings = commands.add_parser(
        "settings",
        help="print the effective settings, with a line on each; the output is a valid CONFIG.yaml",
        usage="latent-audit settings [CONFIG.yaml] [--section.key VALUE ...]",
    )
    settings.add_argument("config", nargs="?", type=Path)
    settings.set_defaults(act=_settings)

    data = commands.add_parser(
        "data",
        help="download one data set and describe it",
        usage="latent-audit data NAME [--data.key VALUE ...]",
    )
    data.add_argument("name", help="a data set's kind: sprites, mnist, fashion_mnist, celeba, ...")
    data.set_defaults(act=_data, config=None)

    ui = commands.add_parser("ui", help="open MLflow's pages on the run's store, on this machine only")
    ui.add_argument("config", nargs="?", type=Path)
    ui.add_argument("--port", type=int, default=5000, help="port on 127.0.0.1 (default 5000)")
    ui.set_defaults(act=_ui)

    selftest = commands.add_parser(
        "selftest",
        help="measure the error rates of the evidence itself, on worlds whose truth is known",
        usage="latent-audit selftest [--reduced] [--seed N]",
    )
    selftest.add_argument("--reduced", action="store_true", help="fewer worlds: a minute instead of ten")
    selftest.add_argument("--seed", type=int, default=0, help="seed of the worlds (default 0)")
    selftest.set_defaults(act=_selftest)
    return parser


def _run(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks import environment
    from tasks.settings_sources import load_settings

    settings = load_settings(arguments.config, overrides)
    environment.prepare(settings.run.store)  # before Prefect and MLflow are imported
    from flows.audit_flow import audit

    folder = audit(settings)
    shown = _short(folder)
    print(f"\nreport: {shown / 'report.html'}\nMLflow: {_ui_command(arguments, settings.run.store)}")
    return 0


def _settings(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks.settings_sources import describe, load_settings

    print(describe(load_settings(arguments.config, overrides)), end="")
    return 0


def _data(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks.describe_data import describe_data
    from tasks.settings_sources import load_settings

    settings = load_settings(None, ["--data.kind", arguments.name, *overrides])
    describe_data(settings)
    return 0


def _ui(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks import environment
    from tasks.settings_sources import load_settings

    settings = load_settings(arguments.config, overrides)
    environment.prepare(settings.run.store)
    from tasks.mlflow_ui import serve

    return serve(settings, arguments.port)


def _selftest(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from tasks.analyses import selftest

    words = ["--seed", str(arguments.seed)]
    return selftest.main([*words, "--reduced"] if arguments.reduced else words)


def _ui_command(arguments: argparse.Namespace, store: Path) -> str:
    default = Path("artifacts")
    return "latent-audit ui" if store == default else f"latent-audit ui --run.store {store}"


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
