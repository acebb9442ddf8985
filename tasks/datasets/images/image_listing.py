"""Lists the images of a user's folder, and files that look like images but are not used, with the reason."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

IMAGE_SUFFIXES = (
    ".jpg",
    ".jpeg",
    ".jpe",
    ".jfif",
    ".png",
    ".apng",
    ".webp",
    ".bmp",
    ".gif",
    ".tif",
    ".tiff",
    ".jp2",
    ".j2k",
    ".avif",
)
# Images that are not read; named, so that nobody looks for a file that is there.
OTHER_SUFFIXES = (
    ".heic",
    ".heif",
    ".jxl",
    ".svg",
    ".dcm",
    ".npy",
    ".ppm",
    ".pgm",
    ".pbm",
    ".pnm",
    ".ico",
    ".tga",
    ".psd",
    ".eps",
    ".exr",
    ".nii",
    ".nii.gz",
    ".dng",
    ".cr2",
    ".nef",
)
# Folders that systems and programs leave beside a user's own files; hidden ones begin with a dot.
_SYSTEM_FOLDERS = frozenset({"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found"})


@dataclass
class Listing:
    """Paths below the folder, with forward slashes, in the order of their names.

    images: regular files, and links to such files inside the folder. outside: links that lead out of it.
    linked_folders: not entered. hidden: hidden and system files with an image's name. other_kinds: images of kinds
    that are not read. not_utf8: names that are no text. not_files: pipes, sockets, devices and broken links with an
    image's name. unreadable: folders that cannot be read, with the system's reason.
    """

    images: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    linked_folders: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    other_kinds: list[str] = field(default_factory=list)
    not_utf8: list[str] = field(default_factory=list)
    not_files: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def list_images(folder: Path) -> Listing:
    """Returns the content of a folder and all its subfolders; linked folders are not entered."""
    found = Listing()
    home = Path(os.path.realpath(folder))
    for relative, path, is_hidden in _files(folder, found):
        name = relative.rpartition("/")[2].lower()
        if name.endswith(OTHER_SUFFIXES) and not is_hidden:
            found.other_kinds.append(relative)
        if not name.endswith(IMAGE_SUFFIXES):
            continue
        if is_hidden:
            found.hidden.append(relative)
        elif (text := _as_text(relative)) is None:
            found.not_utf8.append(relative)
        else:
            _place(found, text, path, home)
    return found


def _place(found: Listing, relative: str, path: str, home: Path) -> None:
    try:
        is_file = stat.S_ISREG(Path(path).stat().st_mode)
    except OSError:  # a link that leads nowhere, or round in a circle
        is_file = False
    if Path(path).is_symlink() and is_file and not Path(os.path.realpath(path)).is_relative_to(home):
        found.outside.append(relative)
    elif is_file:
        found.images.append(relative)
    else:
        found.not_files.append(relative)


def _files(folder: Path, found: Listing) -> Iterator[tuple[str, str, bool]]:
    """Yields each file's path below the folder, its full path, and whether it or a folder above it is hidden."""
    waiting = [("", str(folder))]
    while waiting:  # os.walk goes only as deep as Python's stack, and says nothing of what it cannot read
        prefix, place = waiting.pop()
        is_hidden = any(_hides(part) for part in prefix.split("/"))
        folders = []
        try:
            with os.scandir(place) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not is_hidden:
                found.unreadable.append(f"{prefix or '.'} ({error.strerror})")
            continue
        for entry in listed:
            if not _is_folder(entry):
                yield prefix + entry.name, f"{place}{os.sep}{entry.name}", is_hidden or _hides(entry.name)
            elif entry.is_symlink():
                found.linked_folders.append(prefix + entry.name)
            else:
                folders.append((f"{prefix}{entry.name}/", f"{place}{os.sep}{entry.name}"))
        waiting += reversed(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that goes round in a circle
        return False


def _hides(name: str) -> bool:
    return name.startswith(".") or name.lower() in _SYSTEM_FOLDERS


def _as_text(name: str) -> str | None:
    """Returns a name of the file system as text in UTF-8, whatever the system's own encoding; None where it is none."""
    try:
        return os.fsencode(name).decode("utf-8")
    except UnicodeDecodeError:
        return None


def on_disk(name: str) -> str:
    """Returns a listed name as Python's file functions take it in the system's own encoding."""
    return os.fsdecode(name.encode("utf-8"))
