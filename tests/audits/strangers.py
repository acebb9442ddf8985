"""Modules of a user's own that bear the names of our folders: importing one of them fails the test."""

from pathlib import Path

STRANGER = 'raise AssertionError(f"{__name__} of the user\'s folder was imported")\n'


def put_strangers(folder: Path) -> None:
    """Puts tasks.py, flows.py, reports/ and vae_models/ into a folder that a command is started in."""
    for name in ("tasks.py", "flows.py", "reports/__init__.py", "vae_models/__init__.py", "vocabulary.py"):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(STRANGER)
