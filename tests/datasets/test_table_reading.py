"""A user's table as people have them: other delimiters and encodings, headers, indexes, and lines of the file."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from latent_audit.tasks.datasets.errors import BadTable
from tests.datasets.own_folder import OwnFolder, notes_of, write_table

ROOT = Path(__file__).resolve().parents[2]
LIT = ["no", "yes"] * 12
SIZE = [0.5 + number for number in range(24)]


@pytest.fixture
def own(tmp_path: Path) -> OwnFolder:
    return OwnFolder(tmp_path)


@pytest.mark.parametrize(
    ("delimiter", "word"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (" ", "blanks")]
)
def test_other_delimiters_are_found_out_and_said(own: OwnFolder, delimiter: str, word: str) -> None:
    own.write({"lit": LIT, "size": SIZE}, delimiter=delimiter)
    loaded = own.load()
    assert [attribute.name for attribute in loaded.attributes] == ["lit", "size"]
    np.testing.assert_array_equal(loaded.values[:, 1], SIZE)
    assert f"The columns of labels.csv are separated by {word}." in notes_of(loaded)


def test_quotation_marks_are_understood_with_every_delimiter(own: OwnFolder) -> None:
    rows = "".join(f'"{name}";"a ""b"", c; {k % 3}"\n' for k, name in enumerate(own.names))
    own.write_text(f'"file";"said"\n{rows}')
    assert own.load().attributes[0].classes == ('a "b", c; 0', 'a "b", c; 1', 'a "b", c; 2')


def test_a_delimiter_can_be_set(own: OwnFolder) -> None:
    own.write({"a;b": LIT, "size": SIZE}, delimiter="~")
    loaded = own.load(delimiter="~")
    assert [attribute.name for attribute in loaded.attributes] == ["a;b", "size"]


def test_a_list_as_celeba_has_it(own: OwnFolder) -> None:
    rows = [
        f"{name}  {1 if number % 2 else -1} {'1' if number % 3 else '-1'} "
        for number, name in enumerate(own.names)
    ]
    own.write_text("24\nSmiling Young\n" + "\n".join(rows) + "\n")
    loaded = own.load()
    assert [(a.name, a.classes) for a in loaded.attributes] == [
        ("Smiling", ("-1", "1")),
        ("Young", ("-1", "1")),
    ]
    np.testing.assert_array_equal(loaded.values[:4, 0], [0, 1, 0, 1])
    assert any(
        "first line of labels.csv, 24, is taken for the number of its rows" in note
        for note in notes_of(loaded)
    )


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
        ("utf-32", "UTF-32"),
        ("latin-1", "Windows-1252 (Latin-1), which gives 'größe'"),
        ("cp1252", "Windows-1252 (Latin-1), which gives 'größe'"),
    ],
)
def test_encodings_are_found_out_and_said(own: OwnFolder, encoding: str, said: str) -> None:
    own.write({"größe": ["groß", "klein", "übergroß"] * 8}, encoding=encoding)
    loaded = own.load()
    assert loaded.attributes[0].name == "größe"
    assert loaded.attributes[0].classes == ("groß", "klein", "übergroß")
    assert said in " ".join(notes_of(loaded))
    assert bool(notes_of(loaded)) == bool(said)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("gb18030", ["男", "女"]), ("shift_jis", ["カメラ", "スマホ"]), ("cp1251", ["да", "нет"])],
)
def test_an_encoding_that_cannot_be_told_is_asked_for_and_taken(
    own: OwnFolder, encoding: str, words: list[str]
) -> None:
    own.write({"it": words * 12}, encoding=encoding)
    with pytest.raises(BadTable, match=r"it is not UTF-8 .* set data\.encoding \(as in utf-8, cp1252"):
        own.load()
    assert own.load(encoding=encoding).attributes[0].classes == tuple(sorted(words))
    with pytest.raises(BadTable, match=r"it is not ascii, which data\.encoding names"):
        own.load(encoding="ascii")
    with pytest.raises(ValueError, match="expected the name of a text encoding"):
        own.settings(encoding="base64")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"PAR1\x15\x04", "a damaged parquet file"),
        (b"PK\x03\x04\x14\x00", r"a zip archive, as \.xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", r"old \.xls format"),
        (b"\x1f\x8b\x08\x00", "compressed with gzip"),
        (b'{"file": "a.png"}', "JSON"),
        (b"<!DOCTYPE html>", "HTML or XML"),
        (b"file,a\n" + bytes(300), "it holds zero bytes"),
    ],
)
def test_files_of_other_kinds_are_named(own: OwnFolder, content: bytes, kind: str) -> None:
    own.table.write_bytes(content)
    with pytest.raises(BadTable, match=kind):
        own.load()


@pytest.mark.parametrize(
    "header", ["filename", "File", "image", "path", "Image_ID", "img path", "file name", "FILE"]
)
def test_the_column_of_files_is_found_by_its_header(own: OwnFolder, header: str) -> None:
    write_table(own.table, {"lit": LIT, header: own.names})
    loaded = own.load()
    assert [attribute.name for attribute in loaded.attributes] == ["lit"]
    assert f"Column {header!r} is taken for the names of the image files." in notes_of(loaded)


def test_the_column_of_files_is_found_by_what_is_in_it(own: OwnFolder) -> None:
    write_table(own.table, {"lit": LIT, "image": [1, 0, 0] * 8, "who": own.names})
    loaded = own.load()
    assert [attribute.name for attribute in loaded.attributes] == ["lit", "image"]
    write_table(own.table, {"path": own.names, "filename": own.names, "lit": LIT})
    with pytest.raises(
        BadTable, match=r"several columns name image files \('path', 'filename'\); choose one with data\."
    ):
        own.load()
    assert own.load(file_column="path", attributes=["lit"]).attributes[0].name == "lit"
    with pytest.raises(
        BadTable, match=r"there is no column 'where', which data\.file_column names; found path, filename"
    ):
        own.load(file_column="where")


@pytest.mark.parametrize("header", ["", "Unnamed: 0"])
@pytest.mark.parametrize("start", [0, 1])
def test_a_saved_index_is_left_out_with_a_word(own: OwnFolder, header: str, start: int) -> None:
    write_table(own.table, {header: range(start, start + 24), "file": own.names, "lit": LIT})
    loaded = own.load()
    assert [attribute.name for attribute in loaded.attributes] == ["lit"]
    assert any(
        "counts the rows (an index saved with the table) and is left out" in note for note in notes_of(loaded)
    )


def test_names_of_rows_without_a_header_of_their_own_are_read(own: OwnFolder) -> None:
    """R's write.table leaves the first header out; pandas leaves it empty."""
    rows = "".join(f"{name},{lit}\n" for name, lit in zip(own.names, LIT, strict=True))
    for header in ("lit\n", ",lit\n"):
        own.write_text(header + rows)
        loaded = own.load()
        assert [attribute.name for attribute in loaded.attributes] == ["lit"]
        assert "Column without a name is taken for the names of the image files." in notes_of(loaded)


def test_row_numbers_without_a_header_beside_the_column_of_files(own: OwnFolder) -> None:
    own.write_text(
        "file lit\n"
        + "".join(f"{k + 1} {n} {s}\n" for k, (n, s) in enumerate(zip(own.names, LIT, strict=True)))
    )
    loaded = own.load()
    assert [attribute.name for attribute in loaded.attributes] == ["lit"]


def test_thousands_without_quotation_marks_are_a_cell_too_many(own: OwnFolder) -> None:
    own.write({"price": ["1,234", "2,345"] * 12})
    with pytest.raises(
        BadTable, match="24 rows do not fit the header, which names 2 columns: line 2 has 3 cells"
    ):
        own.load()


def test_blanks_around_the_header_and_a_delimiter_at_the_end_are_left_out(own: OwnFolder) -> None:
    own.write_text("file, smile ,\n" + "".join(f"{n},{s},\n" for n, s in zip(own.names, LIT, strict=True)))
    loaded = own.load()
    assert [attribute.name for attribute in loaded.attributes] == ["smile"]


def test_a_column_that_differs_in_every_row_is_asked_about(own: OwnFolder) -> None:
    own.write({"id": np.random.default_rng(0).permutation(24) + 7000, "lit": LIT})
    with pytest.raises(
        BadTable, match=r"'id' has a different whole number in every row \(70\d\d, .*\), as row numbers"
    ):
        own.load()
    assert own.load(types={"id": "continuous"}).attributes[0].kind == "continuous"
    assert [a.name for a in own.load(attributes=["lit"]).attributes] == ["lit"]
    own.write({"who": [f"person {chr(97 + k)}" for k in range(24)], "lit": LIT})
    with pytest.raises(BadTable, match=r"'who' has a different text in every row \(person a, person b"):
        own.load()
    own.write({"length": SIZE})  # measurements differ, too
    assert own.load().attributes[0].kind == "continuous"


def test_lines_in_messages_are_lines_of_the_file(own: OwnFolder) -> None:
    text = 'file,age,remark\n\ni00.png,31,"one\nand, two"\n\ni01.png,32,a\n\n'
    text += "".join(f"{name},{30 + k % 7},a\n" for k, name in enumerate(own.names[2:-1]))
    own.write_text(text + "i23.png,unknown,b\n")
    with pytest.raises(BadTable, match=r"1 of 24 cells of 'age' is no number \(line 29: unknown\)"):
        own.load(attributes=["age"])
    own.write_text(text + "i23.png,,b\n")
    with pytest.raises(BadTable, match=r"column 'age' has 1 empty or not finite cells, the first in line 29"):
        own.load(attributes=["age"])


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(own: OwnFolder, line_end: str) -> None:
    rows = [f"{name},{lit}" for name, lit in zip(own.names, LIT, strict=True)]
    own.write_text(line_end.join(["file,lit", *rows, ""]))
    assert own.load().attributes[0].classes == ("no", "yes")


NAMES = ("size (mm)", "acc@5", "a/b", "50% left", "émotion 😀", "<b>bold</b>", "x" * 90, "日本語")


def test_columns_may_be_called_anything(own: OwnFolder) -> None:
    own.write({name: LIT if number % 2 else SIZE for number, name in enumerate(NAMES)})
    loaded = own.load(types={"size (mm)": {"kind": "continuous", "unit": "mm"}})
    assert tuple(attribute.name for attribute in loaded.attributes) == NAMES


def test_many_columns_are_refused_within_seconds(own: OwnFolder) -> None:
    header = ",".join(["file", *(f"column{k}" for k in range(100_000))])
    row = ",".join("1" for _ in range(100_000))
    own.write_text(header + "\n" + "".join(f"{name},{row}\n" for name in own.names))
    started = time.monotonic()
    with pytest.raises(
        BadTable, match=r"there are 100,001 columns, and at most 1,000 can be audited; name those"
    ):
        own.load()
    with pytest.raises(BadTable, match="column 'column7' is 1 in every row"):
        own.load(attributes=["column7"])
    own.write_text(header.replace("column5,", "column4,") + f"\n{row}\n")
    with pytest.raises(BadTable, match="these column names stand more than once: 'column4'"):
        own.load()
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(
    ("length", "said"), [(10_000_000, "a "), (1_000_000, "a cell has more"), (3_000, "a cell of")]
)
def test_a_giant_cell_is_no_name_of_a_class(own: OwnFolder, length: int, said: str) -> None:
    own.write_text(
        "file,lit\n" + "".join(f"{n},{'x' * length if k == 3 else 'y'}\n" for k, n in enumerate(own.names))
    )
    with pytest.raises(BadTable, match=f"{said}.*(in line 5|is longer than|row that begins in line 5)") as e:
        own.load()
    assert len(str(e.value)) < 1_000


def test_a_quotation_that_never_ends_is_said(own: OwnFolder) -> None:
    own.write_text('file,lit\ni00.png,"yes\n' + "".join(f"{name},no\n" for name in own.names[1:]))
    with pytest.raises(BadTable, match=r"row that begins in line 2|quotation mark is never closed"):
        own.load()


def test_a_table_reads_the_same_where_the_system_speaks_ascii(own: OwnFolder) -> None:
    (own.images / "i00.png").rename(own.images / "ü.png")
    own.names[0] = "ü.png"
    own.write({"größe": ["groß", "klein"] * 12})
    program = (
        "import sys; from pathlib import Path; from tests.datasets.own_folder import OwnFolder;"
        "from latent_audit.tasks.datasets.folder import FolderSettings; home = Path(sys.argv[1]);"
        "s = FolderSettings(folder=home / 'images', table=home / 'labels.csv', image_size=16, fewest_images=4);"
        "print(ascii(s.load(home, home / 'work', 0).attributes[0]))"
    )
    environment = {
        **os.environ,
        "PYTHONUTF8": "0",
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONPATH": str(ROOT),
    }
    words = [sys.executable, "-c", program, str(own.home)]
    done = subprocess.run(words, env=environment, capture_output=True, encoding="utf-8", timeout=120)
    assert r"gr\xf6\xdfe" in done.stdout, done.stderr


@pytest.mark.parametrize("content", ["", "\ufeff", "\n\n \n"])
def test_an_empty_table_is_called_empty(own: OwnFolder, content: str) -> None:
    own.write_text(content)
    with pytest.raises(BadTable, match="it is empty; a table begins with a line of column names"):
        own.load()


def test_a_zero_byte_in_utf8_is_named_with_its_line(own: OwnFolder) -> None:
    rows = "".join(f"{name},{lit}\n" for name, lit in zip(own.names, LIT, strict=True))
    own.write_text(f"file,lit\n{rows}".replace("i01.png,yes", "i01.png,y\0es"))
    with pytest.raises(BadTable, match="it holds 1 zero bytes, the first in line 3; no text has such"):
        own.load()


@pytest.mark.parametrize(
    ("before", "note"),
    [
        ("sep=;\n", "The columns of labels.csv are separated by semicolons."),
        (
            "# exported by hand\n# on Monday\n",
            "The first 2 lines of labels.csv begin with # and are left out",
        ),
        ("\ufeff\ufeff", "are left out: file."),
    ],
)
def test_what_programs_write_before_the_header_is_no_header(own: OwnFolder, before: str, note: str) -> None:
    rows = "".join(f"{name};{lit}\n" for name, lit in zip(own.names, LIT, strict=True))
    own.write_text(f"{before}file;lit\n{rows}")
    loaded = own.load()
    assert [attribute.name for attribute in loaded.attributes] == ["lit"]
    assert any(
        note in said for said in (*notes_of(loaded), "The columns of labels.csv are separated by semicolons.")
    )


def test_a_header_may_begin_with_a_number_sign(own: OwnFolder) -> None:
    own.write_text("#,file,lit\n" + "".join(f"{k + 5},{n},{LIT[k]}\n" for k, n in enumerate(own.names)))
    assert [attribute.name for attribute in own.load(attributes=["lit"]).attributes] == ["lit"]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (
            "file,,lit",
            r"column 2 has no name; write one into the first line, or name those to audit in data\.attributes",
        ),
        ("file,\u00e9,e\u0301", r"these column names look alike: \\xe9, e\\u0301; rename one"),
        ("file,lit,lit\u200b", r"these column names look alike: lit, lit\\u200b; rename one"),
    ],
)
def test_names_of_columns_that_name_nothing_or_look_alike_are_refused(
    own: OwnFolder, header: str, said: str
) -> None:
    rows = "".join(
        f"{name},{lit},{k % 5}\n" for k, (name, lit) in enumerate(zip(own.names, LIT, strict=True))
    )
    own.write_text(f"{header}\n{rows}")
    with pytest.raises(BadTable, match=said):
        own.load()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("litt", r"did you mean 'lit'\?"),
        ("li\u200bt", r"there is no column li\\u200bt.*there is lit, which looks alike"),
    ],
)
def test_a_column_that_is_not_there_has_the_nearest_one_named(own: OwnFolder, asked: str, said: str) -> None:
    own.write({"lit": LIT})
    with pytest.raises(BadTable, match=said):
        own.load(attributes=[asked])


def test_a_file_without_the_ending_of_an_image_is_called_that(own: OwnFolder) -> None:
    (own.images / "i00.png").rename(own.images / "i00")
    own.names[0] = "i00"
    own.write()
    with pytest.raises(BadTable, match=r"1 rows name a file whose name does not end as an image's .*: i00"):
        own.load()
