"""What tests of several parts need."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ZOO = """
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(2, 2)

    class Plain:
        ...

    def net(name, pretrained=False):
        return _made(name)

    def _made(name):
        return Net()

    def plain():
        return Plain()
"""


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """An environment with two packages that are not torch's: `zoo` says that it needs torch, `pens` does not."""
    packages = tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    for name, needs in (("zoo", "Requires-Dist: torch>=2\n"), ("pens", "Requires-Dist: numpy\n")):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text("from .models import *\n")
        (packages / name / "models.py").write_text(dedent(ZOO))
        metadata = packages / f"{name}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needs}")
    spec = importlib.util.find_spec("torch")
    assert spec is not None
    assert spec.origin is not None
    (packages / "torch").symlink_to(Path(spec.origin).parent)  # what a class inherits from has to be there to be read
    python = tmp_path / "env" / "bin" / "python"
    python.parent.mkdir()
    python.write_text("")
    (tmp_path / "env" / "pyvenv.cfg").write_text(f"home = {sys.prefix}/bin\nversion = 3.11.0\n")
    return python
