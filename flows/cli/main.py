"""The command line: latent-audit run, latent-size, settings, data, ui, up, down, status, verify, sign, ..."""

import argparse
import errno
import io
import os
import select
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from latent_audit.flows.cli import (
    accept,
    clean,
    codes,
    compare,
    data,
    explain,
    export,
    inspect,
    latent_size,
    pdf,
    run,
    sample,
    selftest,
    settings,
    sign,
    ui,
    up,
    verify,
)
from latent_audit.tasks.errors import AuditError, Stopped
from latent_audit.tasks.terminal_text import error_text, named, print_line
from latent_audit.vocabulary.errors import UserError
from latent_audit.vocabulary.machine_errors import in_words, is_of_the_machine

DESCRIPTION = """\
Audits what generative models know: which latent dimensions carry which semantic attributes, and how sure we are.

  latent-audit run                                   the default audit: 3 models x 3 seeds on rendered sprites
  latent-audit run configs/celeba.yaml               an audit from a settings file
  latent-audit run --data.kind mnist --seeds [0,1]   any setting can be given on the command line
  latent-audit latent-size                           how many latent dimensions are enough, by K folds
  latent-audit inspect model.pt                      what is this file, and which settings audit it?
  latent-audit codes z.npy --labels l.csv --output d         codes alone, of any encoder
  latent-audit settings                              every setting, its value and what it means
  latent-audit up --deploy                           audits by schedule: a Prefect server, a worker and MLflow
  latent-audit verify runs/latest                    is this report what the run wrote, and does it follow?
  latent-audit explain runs/latest photo.png         one page on any image, with the models of a run
  latent-audit sample runs/latest --number 100 --output samples   images of its first model
"""
# In the order of the help; each adds its own words and says what it does.
COMMANDS = (
    run, latent_size, inspect, codes, settings, data, ui, up, verify, sign, compare, explain, sample, pdf, export,
    accept, clean, selftest,
)  # fmt: skip
INTERRUPTED = 130
# What a file system answers of a place that a user named, and no fault of the program.
OF_A_PLACE = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG),
    *(errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENFILE),
)
NOBODY_READS = 141  # as a shell counts a program that SIGPIPE ended


def main(words: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit code: 0 done, 1 failed, 2 bad settings or usage, 3 changed, 4 parts of the
    report failed, 5 requirements not met, 130 stopped, 141 nobody reads what it prints; `verify` has codes of its own
    for what it finds.
    """
    # A name that the terminal's encoding lacks is no reason to fail.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        try:
            return _acted(words)
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        if sys.stdout is None or not _is_left(sys.stdout):
            raise
        _leave(sys.stdout)
        return NOBODY_READS
    except OSError as error:
        if not is_of_the_machine(error):
            raise
        _leave(sys.stdout)
        print_line(f"latent-audit: {in_words(error)}", sys.stderr)
        return 1


def _is_left(stream: TextIO) -> bool:
    """Returns whether what reads a stream has ended, as `head` does."""
    waiting = select.poll()
    waiting.register(stream, 0)
    return any(event & select.POLLERR for _, event in waiting.poll(0))


def _leave(stream: TextIO) -> None:
    """Sends the rest of a stream nowhere: Python would try again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _acted(words: Sequence[str] | None) -> int:
    parser = make_parser()
    arguments, overrides = parser.parse_known_args(words)
    if overrides and not hasattr(arguments, "takes_settings"):
        parser.error(named(f"unknown arguments: {' '.join(overrides)}"))
    try:
        Path.cwd()
    except FileNotFoundError:
        print(
            "latent-audit: the folder that it was started in was removed: change to another one",
            file=sys.stderr,
        )
        return 1
    try:
        code: int = arguments.act(arguments, overrides)
    except Stopped as error:
        print_line(f"latent-audit: {error}", sys.stderr)
        return INTERRUPTED
    except KeyboardInterrupt:
        after = (
            "; the same command goes on from the last finished stage" if hasattr(arguments, "goes_on") else ""
        )
        print(f"latent-audit: ended{after}", file=sys.stderr)
        return INTERRUPTED
    except UserError as error:
        print_line(f"latent-audit: {error_text(error)}", sys.stderr)
        return error.exit_code if isinstance(error, AuditError) else 1
    except Exception as error:
        if is_of_the_machine(error):
            said = in_words(error)
        elif isinstance(error, OSError) and error.errno in OF_A_PLACE and error.filename is not None:
            said = f"cannot use {named(os.fsdecode(error.filename))} ({error.strerror})"
        else:
            raise
        print_line(f"latent-audit: {said}", sys.stderr)
        return 1
    return code


def make_parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line with all commands."""
    formatter = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("latent-audit", description=DESCRIPTION, formatter_class=formatter)
    parser.add_argument("--version", action="version", version=f"latent-audit {version('latent-audit')}")
    added = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(added)
    return parser


if __name__ == "__main__":
    sys.exit(main())
