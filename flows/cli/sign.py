"""latent-audit sign: signs a finished run."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DESCRIPTION = """\
Signs a finished run with an Ed25519 key of yours: writes signature.json over the bytes of manifest.json, which
lists every other file. Make a key with: ssh-keygen -t ed25519 -f my_key

The run is checked first as `latent-audit verify` does: what is not whole is not signed. Another's signature is
replaced only with --replace.

Of an in-toto statement (latent-audit export --format in-toto) it writes the signed DSSE envelope beside it,
NAME.dsse.json.

A signature shows who vouched for the run; not when, which takes a trusted timestamp.
"""


def add(commands: Any) -> None:
    """Adds the command's words to the parser."""
    parser = commands.add_parser(
        "sign",
        help="sign a finished run with your key",
        description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage="latent-audit sign DIR|STATEMENT --key PRIVATE_KEY [--replace]",
    )
    parser.add_argument(
        "folder", metavar="DIR", type=Path, help="folder of a finished run, or a statement about one"
    )
    parser.add_argument(
        "--key", type=Path, required=True, metavar="PRIVATE_KEY", help="Ed25519 key, PEM or OpenSSH"
    )
    parser.add_argument(
        "--replace",
        action="store_true",
        help="in the place of another's signature, or of one that does not hold",
    )
    parser.set_defaults(act=_act)


def _act(arguments: argparse.Namespace, overrides: Sequence[str]) -> int:
    from latent_audit.tasks.runs.sign import sign_run, sign_statement
    from latent_audit.tasks.terminal_text import named, print_line

    if arguments.folder.is_file():
        envelope, signed = sign_statement(arguments.folder, arguments.key)
        print_line(named(envelope))
    else:
        signed = sign_run(arguments.folder, arguments.key, replace=arguments.replace)
    for warning in signed.warnings:
        print_line(f"warning: {warning}", sys.stderr)
    print_line(f"signed by {signed.fingerprint}")
    return 0
