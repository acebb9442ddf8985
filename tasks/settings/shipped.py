"""Files that come with the program, in a wheel as in a checkout: the settings files of configs/, and prefect.yaml."""

from pathlib import Path

_PACKAGE = Path(__file__).parents[2]  # not resolved: in a checkout tasks/ is a link in the package
# A wheel has them in the package, a checkout at its root.
_FOLDER = _PACKAGE / "shipped" if (_PACKAGE / "shipped").is_dir() else _PACKAGE.parent


def deployments() -> Path:
    """Returns the prefect.yaml that comes with the program."""
    return _FOLDER / "prefect.yaml"


def settings_file(path: Path) -> Path:
    """Returns a settings file; where there is none of that name, as configs/celeba.yaml, the program's own."""
    is_ours = path.parent in (Path("configs"), Path("configs/articles")) and path.name != ".."
    own = _FOLDER / path
    return own if is_ours and not path.exists() and own.is_file() else path
