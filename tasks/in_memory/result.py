"""The result of an audit, for a notebook: tables, figures, a report; of an audit from Python or of a finished run."""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from latent_audit.reports.page.context import Page
from latent_audit.reports.page.render import open_page, render
from latent_audit.reports.record.audit_json import AUDIT_NAME
from latent_audit.reports.record.manifest import write_manifest
from latent_audit.reports.record.run_facts import LEDGER_NAME, RUN_NAME
from latent_audit.tasks.errors import UsageError
from latent_audit.tasks.execution.ledger import Ledger
from latent_audit.tasks.in_memory.plots import Plots
from latent_audit.tasks.in_memory.result_tables import verdict_rows, where_rows
from latent_audit.tasks.in_memory.summary_html import summary_html
from latent_audit.tasks.storage.arrays import write_json
from latent_audit.vocabulary.record.audit import Audit

if TYPE_CHECKING:
    import pandas as pd

_ARRAYS = "arrays"


class AuditResult:
    """What an audit found: tables, figures and a report, as `audit` and `load` return it.

    Args:
        folder: where audit.json and the arrays that it names are.
        language: of the report, "en" or "zh".

    Raises:
        RunIncomplete: files are missing or altered.
        AuditInvalid: audit.json breaks its schema.
        LanguageUnknown: there are no messages in `language`.

    Example:
        >>> result = AuditResult(Path("runs/latest"))
        >>> result.record["data"]["name"]
        'sprites'
    """

    def __init__(self, folder: Path, language: str = "en") -> None:
        self.folder = folder
        self._language = language
        self._page: Page = open_page(folder, language)

    @classmethod
    def kept(cls, judged: Path, facts: dict[str, Any], ledger: Ledger, language: str) -> "AuditResult":
        """Returns the result in the folder of the verdicts, copied to a folder that lasts as long as the result."""
        folder = Path(tempfile.mkdtemp(prefix="latent-audit-result-"))
        shutil.copyfile(judged / AUDIT_NAME, folder / AUDIT_NAME)
        shutil.copytree(judged / _ARRAYS, folder / _ARRAYS)
        write_json(folder / RUN_NAME, facts)
        ledger.write(folder / LEDGER_NAME)
        result = cls(folder, language)
        weakref.finalize(result, shutil.rmtree, folder, ignore_errors=True)
        return result

    @property
    def record(self) -> Audit:
        """The content of audit.json; docs/audit-json.md describes it.

        Example:
            >>> load("runs/latest").record["schema_version"]
            '1.1'
        """
        return self._page.audit

    @cached_property
    def verdicts(self) -> "pd.DataFrame":
        """A row for each attribute, model and seed: the claimed dimension, each check's outcome, and why.

        Example:
            >>> load("runs/latest").verdicts.columns[:5].tolist()
            ['model', 'seed', 'attribute', 'dimension', 'verdict']
        """
        import pandas as pd

        return pd.DataFrame(verdict_rows(self.record))

    @cached_property
    def where(self) -> "pd.DataFrame":
        """A row for each attribute, model and seed: the place in the code, its verdict and the figures behind it.

        `cause` is 0 where the attribute does not follow a swap of the place and 1 where it follows wholly; `_low` and
        `_high` end its 95 % interval.

        Example:
            >>> load("runs/latest").where.columns[:5].tolist()
            ['model', 'seed', 'attribute', 'place', 'members']
        """
        import pandas as pd

        return pd.DataFrame(where_rows(self.record))

    @property
    def plot(self) -> Plots:
        """Figures of matplotlib: `matrix()`, `traversal("z3")`, `mapping()`; see `Plots`."""
        return Plots(self._page)

    def report(self, path: str | Path, language: str | None = None) -> Path:
        """Writes the report, one HTML file with everything inside.

        Args:
            path: of the new file, in a folder that exists.
            language: "en" or "zh"; None is that of the result.

        Returns:
            The path.

        Raises:
            UsageError: there is no such folder.

        Example:
            >>> load("runs/latest").report("mine.html").read_text(encoding="utf-8")[:15]
            '<!DOCTYPE html>'
        """
        path = Path(path)
        if not path.absolute().parent.is_dir():
            raise UsageError(
                f"there is no folder {path.absolute().parent}: make it first, or give another path"
            )
        with tempfile.TemporaryDirectory(prefix="latent-audit-") as place:
            folder = Path(place)
            self._copy_to(folder)
            shutil.copyfile(render(folder, language or self._language), path)
        return path

    def save(self, folder: str | Path) -> Path:
        """Writes audit.json, arrays and report into a new folder, sealed as a run is.

        `latent_audit.load` opens it, and `latent-audit verify` checks it.

        Args:
            folder: the new folder; those above it are made.

        Returns:
            The folder.

        Raises:
            UsageError: there is something at this path already.

        Example:
            >>> load(load("runs/latest").save("saved")).record["data"]["name"]
            'sprites'
        """
        folder = Path(folder)
        if folder.exists():
            raise UsageError(f"{folder} is there already: give the path of a new folder")
        folder.mkdir(parents=True)
        self._copy_to(folder)
        render(folder, self._language)
        write_manifest(folder)
        return folder

    def _copy_to(self, folder: Path) -> None:
        for name in (AUDIT_NAME, RUN_NAME, LEDGER_NAME):
            shutil.copyfile(self.folder / name, folder / name)
        shutil.copytree(self.folder / _ARRAYS, folder / _ARRAYS)

    def _repr_html_(self) -> str:
        return summary_html(self._page)

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"Audit of {', '.join(self.record['subject']['models'])} on {self.record['data']['name']}"
        for row in where_rows(self.record):
            yield f"  {row['attribute']}: {row['verdict']} ({row['place']} {row['members']})"


def load(folder: str | Path) -> AuditResult:
    """Returns the result of a finished run: the folder of a report, such as runs/latest.

    Args:
        folder: a finished run, or what `AuditResult.save` wrote.

    Returns:
        The same tables, figures and report as `audit` returns; nothing is computed again.

    Raises:
        RunIncomplete: files are missing or altered.
        AuditInvalid: audit.json breaks its schema.

    Source:
        The files of a run: docs/report.md; the fields of its record: docs/audit-json.md.

    Example:
        >>> result = load("runs/latest")
        >>> result.where.columns[:4].tolist()
        ['model', 'seed', 'attribute', 'place']
    """
    return AuditResult(Path(folder))
