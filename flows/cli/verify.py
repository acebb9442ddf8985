"""latent-audit verify: checks that a run folder is what the run wrote and that its verdicts follow."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DESCRIPTION = """\
Checks a finished run offline: every file against manifest.json, audit.json against its schema, thresholds and
settings against their digests, every verdict against the evidence beside it, the report and its figures against
what audit.json renders to, and the signature if there is one. Nothing is written.

Exit codes: 0 whole. Else the first that applies, causes before effects:
  10 manifest     manifest.json is missing, edited, or not the one whose digest was given
  11 signature    signature.json does not sign this manifest, or another key did
  12 schema       audit.json breaks its schema
  13 thresholds   the thresholds were edited
  14 settings     the settings were edited
  15 verdict      a verdict does not follow from the evidence
  16 report       the report is not what audit.json renders to, or belongs to another run
  17 missing      a sealed file is not there
  18 unlisted     a file was added
  19 altered      a sealed file was altered
  20 statement    the statement that was given is not what the run states
  1, 2            the folder or the key cannot be used
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "verify",
        help="check a finished run offline: files, schema, verdicts, report, signature",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="latent-audit verify DIR [--digest SHA256] [--key PUBLIC_KEY] [--statement FILE]",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of a finished run, as runs/latest")
    parser.add_argument("--digest", metavar="SHA256", help="of manifest.json, handed over by another way")
    parser.add_argument(
        "--key", type=Path, metavar="PUBLIC_KEY", help="Ed25519 key that must have signed it, PEM or OpenSSH"
    )
    parser.add_argument(
        "--statement",
        type=Path,
        metavar="FILE",
        help="in-toto statement that must be of this run, and signed by --key where one is given",
    )
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.verify import sentences, verify
    from latent_audit.tasks.terminal_text import print_line

    verified = verify(arguments.folder, arguments.digest, arguments.key, arguments.statement)
    print_line("\n".join(sentences(verified)), sys.stderr if verified.problems else sys.stdout)
    return verified.exit_code
