"""The C heap of the process, set before it starts: large tensors reuse pages that they had, where by default each is
mapped, cleared and unmapped anew, which took a quarter of a training step. For glibc; elsewhere without effect."""

import os
import sys

SETTINGS = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "100000000000", "MALLOC_TOP_PAD_": "100000000"}


def keep():
    """Starts the program again, with the settings, unless it has them."""
    if not SETTINGS.keys() <= os.environ.keys():
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **SETTINGS})
