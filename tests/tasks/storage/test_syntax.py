"""What counts of a Python file, and what does not."""

import pytest

from latent_audit.tasks.storage.syntax import read_syntax

SOURCE = '''"""Why this file exists."""

from typing import TYPE_CHECKING

from tasks.one import first

if TYPE_CHECKING:
    from tasks.two import Second

LIMIT = 3


class Thing:
    """A thing."""

    size: int = 4
    """Its size."""

    def grow(self, by: "Second") -> int:
        """Returns more."""
        return self.size + first(by) * LIMIT  # a comment
'''


def digest(source: str) -> str:
    return read_syntax(source.encode(), "tasks.it", False).digest


def imports(source: str, module: str = "tasks.it", is_package: bool = False) -> set[str]:
    return set(read_syntax(source.encode(), module, is_package).imports)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# a comment", "# another"),
        ("  # a comment", ""),
        ("LIMIT = 3\n", "# why three\nLIMIT = 3\n"),
        ("Why this file exists.", "Another reason."),
        ('"""Why this file exists."""\n', ""),
        ('"""A thing."""', '"""Two\n\n    lines."""'),
        ('    """Its size."""\n', ""),
        ('        """Returns more."""\n', ""),
        ("    from tasks.two import Second\n", "    from tasks.three import Other, Second\n"),
        ("LIMIT = 3\n\n\n", "LIMIT   =  (3)\n"),
        ('"Second"', "'Second'"),
        ("if TYPE_CHECKING:\n", "if typing.TYPE_CHECKING:\n"),
    ],
)
def test_what_cannot_change_a_result_does_not_count(before: str, after: str) -> None:
    assert SOURCE.count(before) == 1
    assert digest(SOURCE.replace(before, after)) == digest(SOURCE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("LIMIT = 3", "LIMIT = 3.0"),
        ("LIMIT = 3", "LIMIT = '3'"),
        ("LIMIT = 3", "LIMIT = True"),
        ("LIMIT = 3", "LIMIT = b'3'"),
        ("LIMIT = 3", "OTHER = 3"),
        ("size: int = 4", "size: float = 4"),
        ("size: int = 4", "size: int"),
        ("self.size + first(by)", "self.size - first(by)"),
        ("self.size + first(by) * LIMIT", "(self.size + first(by)) * LIMIT"),
        ("import first", "import second as first"),
        ("    def grow", "    @property\n    def grow"),
        ("return self.size", "return f'{self.size}'"),
        ("return self.size", "yield self.size"),
        ("if TYPE_CHECKING:", "if LIMIT:"),
        ("if TYPE_CHECKING:", "if not TYPE_CHECKING:"),
        ('"""Its size."""', "other: int = 4"),
    ],
)
def test_whatever_may_change_a_result_counts(before: str, after: str) -> None:
    assert before in SOURCE
    assert digest(SOURCE.replace(before, after)) != digest(SOURCE)


def test_strings_count_wherever_they_are_used() -> None:
    assert digest("a = 'x'") != digest("a = 'y'")
    assert digest("f('x')") != digest("f('y')")
    assert digest("def f(a='x'): pass") != digest("def f(a='y'): pass")


def test_the_other_branch_of_a_type_checking_block_counts() -> None:
    block = "if TYPE_CHECKING:\n    from tasks.a import A\nelse:\n    A = {}\n"
    assert digest(block.format(1)) != digest(block.format(2))
    assert imports(block.format(1)) == set()
    assert imports("if TYPE_CHECKING:\n    pass\nelse:\n    from tasks.b import B\n") == {
        "tasks.b",
        "tasks.b.B",
    }


def test_the_digest_is_the_same_in_every_version_of_python() -> None:
    """A record of measurements holds digests: taken by one version of Python, they are checked by others."""
    source = "def f(x, *, y=1.5): return f'{x!r:>{y}}' or -x[1:]\n"
    assert digest(source) == "781cd6df436bc32d8a2bf596d00c9bfb489b3dae30a76eaf56fcd3b15e0121c5"


def test_imports_are_found_anywhere_and_only_where_they_happen() -> None:
    assert imports(SOURCE) == {"typing", "typing.TYPE_CHECKING", "tasks.one", "tasks.one.first"}
    assert imports("def f():\n    import tasks.a.b\n    from vae_models import c\n") == {
        "tasks.a.b",
        "vae_models",
        "vae_models.c",
    }
    assert imports("try:\n    import tasks.a\nexcept ImportError:\n    import tasks.b\n") == {
        "tasks.a",
        "tasks.b",
    }


def test_relative_imports_are_resolved() -> None:
    assert imports("from . import a\nfrom .b import c\nfrom ..d import e\n", "tasks.x.y") == {
        "tasks.x",
        "tasks.x.a",
        "tasks.x.b",
        "tasks.x.b.c",
        "tasks.d",
        "tasks.d.e",
    }
    assert imports("from .b import c\n", "tasks.x", is_package=True) == {"tasks.x.b", "tasks.x.b.c"}


def test_imports_by_name_are_found_where_the_name_stands_there() -> None:
    found = imports("import importlib\nimportlib.import_module('tasks.a')\n__import__('tasks.b')\n")
    assert {"tasks.a", "tasks.b"} <= found
    assert imports("f('tasks.a')") == set()


def test_files_read_are_those_that_the_module_names() -> None:
    assert read_syntax(b"FILES_READ = ('a/*.yaml', 'b.json')", "tasks.it", False).files_read == (
        "a/*.yaml",
        "b.json",
    )
    assert read_syntax(b"OTHER = 1", "tasks.it", False).files_read == ()
