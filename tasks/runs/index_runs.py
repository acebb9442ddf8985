"""Writes the index page of all runs.

Other programs may keep folders of theirs there. What cannot be read as a run is left out and named; it never fails
the run that has just ended.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from latent_audit.reports.errors import NotPlainJson
from latent_audit.reports.page.render import REPORT_NAME
from latent_audit.reports.page.run_index import INDEX_NAME, FinishedRun, LeftOut, index_page
from latent_audit.reports.page.visible_text import shortened
from latent_audit.reports.record.run_files import MAX_BYTES, NotPlain, read_plain
from latent_audit.reports.record.strict_json import parse
from latent_audit.tasks.errors import StoreError
from latent_audit.tasks.storage.store import writing
from latent_audit.vocabulary.record.audit import Audit
from latent_audit.vocabulary.record.leads import lead_verdicts
from latent_audit.vocabulary.verdicts import OVERALL, SUPPORTED

# With more, the oldest are left to their folders.
MAX_RUNS = 200
# Of one run, in the rows of dots.
MAX_CLAIMS = 60
# What was read of each run, beside the page: an audit of a megabyte and more is read once, not every night again.
KNOWN_NAME = "index.json"
MAX_KNOWN_BYTES = 16 * 2**20
READ_FROM = ("run.json", "audit.json")
Form = TypeVar("Form", bound=BaseModel)
LINE: TypeAdapter[FinishedRun] = TypeAdapter(FinishedRun)


class _Subject(BaseModel):
    model_config = ConfigDict(strict=True)
    title: str


class _Model(BaseModel):
    model_config = ConfigDict(strict=True)
    name: str
    seed: int
    is_lead: bool


class _Verdict(BaseModel):
    model_config = ConfigDict(strict=True)
    model: str
    seed: int
    attribute: str
    verdict: str


class _Audit(BaseModel):
    """The fields of audit.json that the index shows."""

    model_config = ConfigDict(strict=True)
    subject: _Subject
    models: list[_Model]
    verdicts: list[_Verdict]
    where: list[_Verdict] = []


class _Run(BaseModel):
    """The fields of run.json that the index shows."""

    model_config = ConfigDict(strict=True)
    started: str | None = None
    wall_seconds: Annotated[float | None, Field(ge=0, le=1e9)] = None


class _Unreadable(Exception):
    """A folder holds no run that can be read; the text says why."""


def index_runs(output: Path, language: str, warn: Callable[[str], None] = lambda text: None) -> Path:
    """Writes `output`/index.html over every finished run below it, newest first, and returns its path.

    Args:
        output: the folder of all runs.
        language: of the page.
        warn: called once with what is left out.
    """
    left_out: list[LeftOut] = []
    found = sorted(_folders(output, left_out), key=lambda folder: folder.name, reverse=True)[:MAX_RUNS]
    known = _known(output / KNOWN_NAME)
    lines: dict[str, dict[str, Any]] = {}
    for folder in found:
        place = folder.relative_to(output).as_posix()
        try:
            lines[place] = _known_or_read(known.get(place), folder, output)
        except _Unreadable as why:
            left_out.append(_left_out(folder, output, str(why)))
    path = output / INDEX_NAME
    page = index_page([LINE.validate_python(line["run"]) for line in lines.values()], left_out, language)
    try:
        _replace(output / KNOWN_NAME, json.dumps(lines))
        _replace(path, page)
    except StoreError as error:
        warn(f"the page that lists all runs is not written: {error}")
        return path
    if left_out:
        said = "; ".join(f"{folder.name} ({folder.why})" for folder in left_out)
        warn(f"{path.name} leaves out what it cannot read as a run: {said}")
    return path


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with writing(path):
        try:
            temporary.write_text(text, encoding="utf-8")
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _folders(output: Path, left_out: list[LeftOut]) -> Iterator[Path]:
    """Yields folders that may be finished runs. Links, such as runs/latest, are not followed."""
    for home in _entries(output, output, left_out):
        for run in _entries(home, output, left_out):
            try:
                if (run / REPORT_NAME).is_file():
                    yield run
            except OSError as error:
                left_out.append(_left_out(run, output, str(error.strerror)))


def _entries(place: Path, output: Path, left_out: list[LeftOut]) -> list[Path]:
    try:
        found = [path for path in place.iterdir() if not path.name.startswith(".")]
        return [path for path in found if path.is_dir() and not path.is_symlink()]
    except OSError as error:
        left_out.append(_left_out(place, output, str(error.strerror)))
        return []


def _left_out(folder: Path, output: Path, why: str) -> LeftOut:
    return LeftOut(shortened(folder.relative_to(output).as_posix(), 80), shortened(why, 160))


def _known(path: Path) -> Mapping[str, Any]:
    try:
        known = parse(read_plain(path, MAX_KNOWN_BYTES))
    except (FileNotFoundError, NotPlain, NotPlainJson):
        return {}  # it is read again
    return known if isinstance(known, dict) else {}


def _known_or_read(known: Any, folder: Path, output: Path) -> dict[str, Any]:
    """Returns one run's line with the state of the files that it was read from; a known one, if that is the same."""
    state = [_state(folder / name) for name in READ_FROM]
    match known:
        case {"state": before, "run": run} if before == state:
            try:
                return {"state": state, "run": asdict(LINE.validate_json(json.dumps(run), strict=True))}
            except ValidationError:
                pass  # damaged: it is read again
    return {"state": state, "run": asdict(_line(folder, output))}


def _state(file: Path) -> list[int] | None:
    try:
        found = file.stat(follow_symlinks=False)
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size]


def _line(folder: Path, output: Path) -> FinishedRun:
    audit, facts = _read(folder, "audit.json", _Audit), _read(folder, "run.json", _Run)
    counts = Counter(row["verdict"] for row in lead_verdicts(cast(Audit, audit.model_dump())))
    leads = {(model.name, model.seed) for model in audit.models if model.is_lead}
    placed = [row for row in audit.where if (row.model, row.seed) in leads]
    claimed = placed or [row for row in audit.verdicts if (row.model, row.seed) in leads]
    places = [row.verdict for row in placed]
    return FinishedRun(
        href=quote((folder / REPORT_NAME).relative_to(output).as_posix()),
        name=shortened(folder.parent.name),
        run_id=shortened(folder.name),
        title=shortened(audit.subject.title, 80),
        started=shortened((facts.started or "–").replace("T", " ")),
        seconds=facts.wall_seconds,
        counts=dict(counts.items()),
        places=places.count(SUPPORTED) if places else None,
        claims=tuple(
            (shortened(row.model, 28), shortened(row.attribute, 28), row.verdict)
            for row in claimed[:MAX_CLAIMS]
            if row.verdict in OVERALL
        ),
    )


def _read(folder: Path, name: str, form: type[Form]) -> Form:
    try:
        return form.model_validate(parse(read_plain(folder / name, MAX_BYTES[name])))
    except FileNotFoundError:
        raise _Unreadable(f"there is no {name}") from None
    except NotPlain as found:
        raise _Unreadable(f"{name} is {found}") from None
    except NotPlainJson as error:
        raise _Unreadable(f"{name} is not JSON that can be read: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise _Unreadable(f"{name} is not that of a run: {place or 'it'}: {first['msg']}") from None
