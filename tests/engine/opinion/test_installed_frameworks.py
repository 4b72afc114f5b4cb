"""Questions about the torch, lightning and torchmetrics that are installed here, with the answers that are true."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packages import LONG

from dryfit.engine.opinion.limits import Limits
from dryfit.engine.opinion.opinions import Opinions

# None is "nothing"; the comment says why.
TABLE = {
    "torch.nn.utils.rnn.pack_padded_sequence": "torch.nn.utils.rnn.PackedSequence",
    "torch.nn.utils.rnn.pad_sequence": "torch._tensor.Tensor",
    "torch.nn.utils.clip_grad_norm_": "torch._tensor.Tensor",  # by jedi: behind a decorator
    "torch.nn.utils.get_total_norm": "torch._tensor.Tensor",  # by jedi
    "torch.nn.Embedding.from_pretrained": "torch.nn.modules.sparse.Embedding",
    "torch.nn.functional.cross_entropy": "torch._tensor.Tensor",
    "torch.nn.init.xavier_uniform_": "torch._tensor.Tensor",
    "torch.cuda.current_stream": "torch.cuda.streams.Stream",
    "torch.distributed.device_mesh.init_device_mesh": "torch.distributed.device_mesh.DeviceMesh",
    "torchmetrics.MetricCollection": "torchmetrics.collections.MetricCollection",
    "torchmetrics.classification.BinaryAccuracy": "torchmetrics.classification.accuracy.BinaryAccuracy",
    "lightning.Trainer": "lightning.pytorch.trainer.trainer.Trainer",
    "lightning.pytorch.loggers.CSVLogger": "lightning.pytorch.loggers.csv_logs.CSVLogger",
    "lightning.pytorch.utilities.model_summary.summarize": (
        "lightning.pytorch.utilities.model_summary.model_summary.ModelSummary"
    ),
    "torch.zeros": None,  # compiled
    "torch.compile": None,  # a function or a module, as it is given
    "torch.jit.script": None,  # one of several classes
    "torch.hub.load": None,  # whatever the repository makes
    "torch.utils.data.random_split": None,  # a list
    "torch.nn.functional.max_pool2d": None,  # a function made by another, one result or two
    "torch.distributed.init_process_group": None,  # returns None
    "torchmetrics.Accuracy": None,  # its `__new__` makes another class
    "lightning.LightningModule.load_from_checkpoint": None,  # behind a descriptor
    "lightning.pytorch.utilities.seed.isolate_rng": None,  # a context manager made of a generator
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str | None]]:
    if any(importlib.util.find_spec(name) is None for name in ("torch", "lightning", "torchmetrics")):
        pytest.skip("torch, lightning and torchmetrics are not installed")
    # On a cold cache jedi reads a megabyte of torch's stubs.
    limits = Limits(cpu_seconds=LONG, wall_seconds=LONG)
    opinions = Opinions(Path(sys.executable), tmp_path_factory.mktemp("cache"), limits=limits)
    for path in TABLE:
        opinions.result_class(path)
    answered = opinions.wait(2 * LONG)
    assert answered == set(TABLE)
    yield {path: opinions.result_class(path) for path in TABLE}
    opinions.close()


def test_every_answer_is_right(answers: dict[str, str | None]) -> None:
    assert answers == TABLE
