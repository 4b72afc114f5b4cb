"""Canonical names: one spelling for everything that torch and Lightning offer under several."""

from __future__ import annotations

ROOTS = {"pytorch_lightning": "lightning.pytorch", "lightning_fabric": "lightning.fabric"}

PREFERRED = {
    # Where the shortest public path is not the one that the documentation uses.
    "torch.amp.grad_scaler.GradScaler": "torch.amp.GradScaler",
    "lightning.fabric.utilities.seed.seed_everything": "lightning.pytorch.seed_everything",
}

RENAMED = {
    # The name of a class in other versions. Source: torch 1.x `optim/lr_scheduler.py`; pytorch-lightning 1.x.
    "torch.optim.lr_scheduler._LRScheduler": "torch.optim.lr_scheduler.LRScheduler",
    "lightning.pytorch.core.lightning.LightningModule": "lightning.pytorch.LightningModule",
    "lightning.pytorch.callbacks.base.Callback": "lightning.pytorch.Callback",
    "lightning.pytorch.utilities.seed.seed_everything": "lightning.pytorch.seed_everything",
}

_LIGHTNING_PARTS = ("pytorch", "fabric", "data", "app", "store")


def normalised(path: str) -> str:
    """The same path with the root under which the tables know it: `pytorch_lightning.X` is `lightning.pytorch.X`."""
    first, dot, rest = path.partition(".")
    if first in ROOTS:
        return ROOTS[first] + dot + rest
    return path


def candidates(path: str) -> tuple[str, ...]:
    """The paths under which a table may know this one, the likeliest first.

    What `lightning` itself exports comes from its two halves: `lightning.Trainer` is `lightning.pytorch.Trainer`.
    """
    path = normalised(path)
    first, _, rest = path.partition(".")
    if first == "lightning" and rest and rest.partition(".")[0] not in _LIGHTNING_PARTS:
        return (f"lightning.pytorch.{rest}", f"lightning.fabric.{rest}")
    return (path,)
