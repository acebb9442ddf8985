"""Errors of the machine: lost memory and a full disk. They say nothing about the file or the code that met them."""

import errno

# No space left, a quota that is used up, a file larger than the disk takes.
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# torch's words where the system refuses memory to a tensor on the CPU.
_REFUSED_MEMORY = "can't allocate memory"


def is_of_the_machine(error: BaseException) -> bool:
    """Returns whether an error is lost memory or a full disk."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno in (*FULL_DISK, errno.ENOMEM)
    # torch's own errors are told by their names: not every process that asks imports torch.
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return "OutOfMemoryError" in kinds or _REFUSED_MEMORY in str(error)


def in_words(error: BaseException) -> str:
    """Returns what an error of the machine means, without a full stop."""
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        return f"the disk is full ({error})"
    detail = str(error).rstrip(". ")
    return f"memory ran out ({detail})" if detail else "memory ran out"


def raise_machine_error(error: BaseException) -> None:
    """Raises the machine's error that `error` is, or that it was raised in answer to; returns where there is none.

    To be called before an error of foreign code or of a foreign file is told in other words.
    """
    seen: set[int] = set()
    inner: BaseException | None = error
    while inner is not None and id(inner) not in seen:
        if is_of_the_machine(inner):
            raise inner
        seen.add(id(inner))
        inner = inner.__cause__ or (None if inner.__suppress_context__ else inner.__context__)
