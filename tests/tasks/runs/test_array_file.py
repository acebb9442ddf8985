"""Arrays of a stranger: numbers alone, as many as the file has bytes for."""

import io

import numpy as np
import pytest

from latent_audit.reports.record.array_file import parse_array


def saved(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.ones((3, 2), order="F"),
        np.float32(2),
        np.zeros((0, 4)),
        np.array([True]),
    ],
)
def test_numbers_are_read(array: np.ndarray) -> None:
    found = parse_array(saved(array))
    np.testing.assert_array_equal(found, array)
    assert found.dtype == np.asarray(array).dtype


def stating(shape: str, form: str = "'|u1'", data: bytes = b"abcd") -> bytes:
    header = f"{{'descr': {form}, 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


@pytest.mark.parametrize(
    "content",
    [
        stating("(1000000000000000,)"),
        stating("(1000000, 1000000, 1000)", "'<f8'"),
        stating("(3,)"),
        stating("(5,)"),
        stating("(-2, -2)"),
        stating("(-4,)"),
        stating("(4, 99999999999999999999999, 0)", data=b""),
        stating("(1000000000000,)", "'|V0'", b""),
        stating("(1000000000000,)", "'|S0'", b""),
        stating("(1,)", "'|O'", b"cos\nsystem\n."),
        stating("(1,)", "'<U1'"),
        stating("(1,)", "[('a', '<f4')]"),
        stating("(True, 4)"),
        stating("'four'"),
        b"\x93NUMPY\x03\x00" + b"\x10\0\0\0" + b" " * 16,
        b"\x93NUMPY",
        b"",
        b"PK\x03\x04",
    ],
)
def test_what_is_no_plain_array_is_refused_before_memory_is_asked_for(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_array(content)
