"""One spelling for everything that is offered under several."""

import pytest

from dryfit.frameworks import bundled


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("lightning.Trainer", "lightning.pytorch.Trainer"),
        ("pytorch_lightning.Trainer", "lightning.pytorch.Trainer"),
        ("lightning.pytorch.trainer.Trainer", "lightning.pytorch.Trainer"),
        ("lightning.pytorch.trainer.trainer.Trainer", "lightning.pytorch.Trainer"),
        ("pytorch_lightning.core.module.LightningModule", "lightning.pytorch.LightningModule"),
        ("pytorch_lightning.core.lightning.LightningModule", "lightning.pytorch.LightningModule"),
        ("lightning.LightningDataModule", "lightning.pytorch.LightningDataModule"),
        ("lightning.Callback", "lightning.pytorch.Callback"),
        ("lightning.pytorch.callbacks.Callback", "lightning.pytorch.Callback"),
        ("lightning.pytorch.callbacks.callback.Callback", "lightning.pytorch.Callback"),
        (
            "pytorch_lightning.callbacks.early_stopping.EarlyStopping",
            "lightning.pytorch.callbacks.EarlyStopping",
        ),
        (
            "lightning.pytorch.callbacks.progress.tqdm_progress.TQDMProgressBar",
            "lightning.pytorch.callbacks.TQDMProgressBar",
        ),
        ("pytorch_lightning.loggers.tensorboard.TensorBoardLogger", "lightning.pytorch.loggers.TensorBoardLogger"),
        ("pytorch_lightning.strategies.ddp.DDPStrategy", "lightning.pytorch.strategies.DDPStrategy"),
        ("pytorch_lightning.seed_everything", "lightning.pytorch.seed_everything"),
        ("lightning.seed_everything", "lightning.pytorch.seed_everything"),
        ("lightning.fabric.seed_everything", "lightning.pytorch.seed_everything"),
        ("lightning.Fabric", "lightning.fabric.Fabric"),
        ("lightning_fabric.Fabric", "lightning.fabric.Fabric"),
        ("lightning.fabric.fabric.Fabric", "lightning.fabric.Fabric"),
        ("pytorch_lightning", "lightning.pytorch"),
        ("pytorch_lightning.callbacks", "lightning.pytorch.callbacks"),
        ("torch.optim.adam.Adam", "torch.optim.Adam"),
        ("torch.optim.optimizer.Optimizer", "torch.optim.Optimizer"),
        ("torch.optim.lr_scheduler.StepLR", "torch.optim.lr_scheduler.StepLR"),
        ("torch.optim.lr_scheduler._LRScheduler", "torch.optim.lr_scheduler.LRScheduler"),
        ("torch.nn.modules.linear.Linear", "torch.nn.Linear"),
        ("torch.nn.modules.Linear", "torch.nn.Linear"),
        ("torch.nn.parameter.Parameter", "torch.nn.Parameter"),
        ("torch.nn.parallel.DataParallel", "torch.nn.DataParallel"),
        ("torch.nn.parallel.distributed.DistributedDataParallel", "torch.nn.parallel.DistributedDataParallel"),
        ("torch.utils.data.dataloader.DataLoader", "torch.utils.data.DataLoader"),
        ("torch.utils.data.distributed.DistributedSampler", "torch.utils.data.DistributedSampler"),
        ("torch.autograd.grad_mode.no_grad", "torch.no_grad"),
        ("torch.autograd.no_grad", "torch.no_grad"),
        ("torch.amp.autocast", "torch.autocast"),
        ("torch.GradScaler", "torch.amp.GradScaler"),
        ("torch.cuda.amp.GradScaler", "torch.cuda.amp.GradScaler"),
        ("torch.random.manual_seed", "torch.manual_seed"),
        ("torch._tensor.Tensor", "torch.Tensor"),
        ("torch.nn.utils.clip_grad.clip_grad_norm_", "torch.nn.utils.clip_grad_norm_"),
        ("torch.optim.adam.Adam.step", "torch.optim.Adam.step"),
        ("lightning.Trainer.fit", "lightning.pytorch.Trainer.fit"),
    ],
)
def test_known_names(path, canonical):
    assert bundled().canonical(path) == canonical
    assert bundled().canonical(canonical) == canonical


@pytest.mark.parametrize(
    "path",
    ["", "torch", "lightning", "numpy.array", "torch.tensor", "torch.optimizer.Adam", "lightning.trainer", "mine.Adam"],
)
def test_unknown_names_come_back(path):
    assert bundled().canonical(path) == path
