"""A training script as people write them, with mistakes in it: material of the benchmarks, never run.

An image classifier with a helper network and a small adversarial model, trained by Lightning and by a loop of its own.
"""

import argparse
import math
import os
import random
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from itertools import chain, pairwise
from pathlib import Path

import lightning as L
import torch
import torch.nn as nn
import torch.nn.functional as F
from lightning.pytorch.callbacks import Callback, LearningRateMonitor, ModelCheckpoint
from torch.optim import SGD, Adam, AdamW
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, OneCycleLR, ReduceLROnPlateau, StepLR
from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, WeightedRandomSampler, random_split

SEED = 13
CLASSES = 10
IMAGE = (3, 32, 32)
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DATA = Path(os.environ.get("DATA", "data"))


@dataclass
class Config:
    """What a run is made of."""

    name: str = "baseline"
    batch_size: int = 64
    epochs: int = 20
    lr: float = 1e-3
    weight_decay: float = 1e-4
    warmup: int = 500
    accelerator: str = "gpus"
    precision: str = "16-mixed"
    hidden: list = field(default_factory=lambda: [128, 64])
    betas: tuple = (0.9, 0.999)


def seed_everything(seed):
    random.seed(seed)
    torch.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)


def warmup_then_cosine(step, warmup, total):
    """The factor of the learning rate at a step."""
    if step < warmup:
        return step / max(1, warmup)
    progress = (step - warmup) / max(1, total - warmup)
    return 0.5 * (1.0 + math.cos(math.pi * progress))


def split_decay(model, decay):
    """Parameters with and without weight decay."""
    with_decay, without = [], []
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.endswith("bias") or "norm" in name:
            without.append(parameter)
        else:
            with_decay.append(parameter)
    return [{"params": with_decay, "weight_decay": decay}, {"params": without, "weight_decay": 0.0}]


def freeze(module):
    for parameter in module.parameters():
        parameter.requires_grad = False
    return module


# ------------------------------------------------------------------------------------------------------- the data
class Images(Dataset):
    """Random images with random labels."""

    def __init__(self, size, transform=None):
        self.size = size
        self.transform = transform
        self.images = torch.randn(size, *IMAGE)
        self.labels = torch.randint(0, CLASSES, (size,))

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        image = self.images[index]
        if self.transform is not None:
            image = self.transform(image)
        return image, self.labels[index]


class Stream(IterableDataset):
    def __init__(self, length):
        self.length = length

    def __iter__(self):
        for _ in range(self.length):
            yield torch.randn(*IMAGE), random.randrange(CLASSES)


class ImageData(L.LightningDataModule):
    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.weights = None

    def prepare_data(self):
        DATA.mkdir(exist_ok=True)

    def setup(self):
        whole = Images(1000)
        self.train, self.valid = random_split(whole, [900, 100])
        self.weights = torch.ones(len(self.train))

    def train_dataloader(self):
        sampler = WeightedRandomSampler(self.weights, len(self.weights))
        return DataLoader(self.train, batch_size=self.config.batch_size, sampler=sampler, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.valid, batch_size=self.config.batch_size, prefetch_factor=4)

    def predict_dataloader(self):
        return DataLoader(Stream(100), batch_size=self.config.batch_size, shuffle=True)


# ----------------------------------------------------------------------------------------------------- the networks
class Block(nn.Module):
    def __init__(self, inside, outside, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outside)
        self.short = nn.Sequential()
        if stride != 1 or inside != outside:
            self.short = nn.Sequential(nn.Conv2d(inside, outside, 1, stride=stride), nn.BatchNorm2d(outside))

    def forward(self, x):
        out = F.relu(self.norm1(self.conv1(x)))
        out = self.norm2(self.conv2(out))
        return F.relu(out + self.short(x))


class Backbone(nn.Module):
    def __init__(self, widths=(32, 64, 128)):
        super().__init__()
        self.stem = nn.Conv2d(3, widths[0], 3, padding=1)
        self.blocks = [Block(a, b, stride=2) for a, b in pairwise(widths)]
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.pool(x).flatten(1)


class Head(nn.Module):
    def __init__(self, inside, hidden, classes):
        super().__init__()
        layers = OrderedDict()
        for i, width in enumerate(hidden):
            layers[f"linear{i}"] = nn.Linear(inside, width)
            layers[f"relu{i}"] = nn.ReLU()
            inside = width
        layers["out"] = nn.Linear(inside, classes)
        self.layers = nn.Sequential(layers)
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return torch.softmax(self.scale * self.layers(x), dim=1)


class Critic(nn.Module):
    def __init__(self):
        self.main = nn.Sequential(nn.Linear(128, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))

    def forward(self, x):
        return torch.sigmoid(self.main(x))


# ------------------------------------------------------------------------------------------------ lightning modules
class Classifier(L.LightningModule):
    """Backbone and head; the backbone can be frozen."""

    def __init__(self, config: Config, is_frozen=False):
        super().__init__()
        self.config = config
        self.backbone = Backbone()
        self.head = Head(128, config.hidden, CLASSES)
        self.aux = nn.Linear(128, CLASSES)
        self.loss = nn.CrossEntropyLoss()
        self.history = defaultdict(list)
        if is_frozen:
            freeze(self.backbone)

    def forward(self, x):
        return self.head(self.backbone(x))

    def _shared(self, batch, stage):
        images, labels = batch
        features = self.backbone(images)
        logits = self.head(features)
        loss = self.loss(logits, labels)
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        self.log(f"{stage}_loss", loss, prog_bar=True)
        self.log(f"{stage}_accuracy", accuracy)
        return loss, features

    def training_step(self, batch, batch_idx):
        loss, features = self._shared(batch, "train")
        extra = F.cross_entropy(self.aux(features), batch[1])
        self.history["loss"].append(loss)
        return loss + 0.1 * extra

    def validation_step(self, batch, batch_idx):
        loss, _ = self._shared(batch, "valid")
        return loss

    def validation_epoch_end(self, outputs):
        self.log("valid_mean", torch.stack(outputs).mean())

    def configure_optimizers(self):
        groups = [
            {"params": self.backbone.parameters(), "lr": self.config.lr / 10},
            self.head.parameters(),
        ]
        optimizer = AdamW(groups, lr=self.config.lr, betas=self.config.betas)
        scheduler = OneCycleLR(optimizer, max_lr=self.config.lr)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "steps"}}


class Adversarial(L.LightningModule):
    """Features that a critic cannot tell apart."""

    def __init__(self, config: Config):
        super().__init__()
        self.config = config
        self.encoder = Backbone()
        self.decoder = nn.Linear(128, math.prod(IMAGE))
        self.critic = Critic()
        self.criterion = nn.BCEWithLogitsLoss()

    def training_step(self, batch, batch_idx, optimizer_idx):
        images, _ = batch
        features = self.encoder(images)
        real = self.critic(torch.randn_like(features))
        fake = self.critic(features)
        if optimizer_idx == 0:
            recovered = self.decoder(features).view_as(images)
            loss = F.mse_loss(recovered, images) + self.criterion(fake, torch.ones_like(fake))
            self.log("generator", loss)
            return loss
        loss = self.criterion(real, torch.ones_like(real)) + self.criterion(fake, torch.zeros_like(fake))
        self.log("critic", loss)
        return loss

    def configure_optimizers(self):
        generator = Adam(chain(self.encoder.parameters(), self.decoder.parameters()), lr=self.config.lr)
        critic = Adam(self.critic.parameters, lr=self.config.lr)
        return [generator, critic], [StepLR(generator, 10, verbose=True), StepLR(critic, 10)]


class Distilled(Classifier):
    """A small classifier that learns from a larger one."""

    def __init__(self, config, teacher):
        super().__init__(config)
        self.teacher = freeze(teacher)
        self.adapter = nn.Linear(128, 128)
        self.kl = nn.KLDivLoss(reduction="batchmean")

    def training_step(self, batch, batch_idx):
        images, labels = batch
        with torch.no_grad():
            target = self.teacher(images)
        own = self.head(self.adapter(self.backbone(images)))
        loss = self.kl(F.softmax(own, dim=1), F.softmax(target, dim=1)) + F.cross_entropy(own, labels)
        self.log("distill", loss)
        return loss

    def configure_optimizers(self):
        optimizer = SGD({*self.backbone.parameters(), *self.head.parameters()}, lr=0.1, momentum=0.9)
        return optimizer, ReduceLROnPlateau(optimizer)


# ------------------------------------------------------------------------------------------------------- callbacks
class Progress(Callback):
    def __init__(self, every=10):
        self.every = every
        self.seen = 0

    def on_train_start(self, trainer):
        self.seen = 0

    def on_train_batch_end(self, trainer, module, outputs, batch):
        self.seen += 1
        if self.seen % self.every == 0:
            print(self.seen, outputs["loss"].item())

    def on_train_epoch_begin(self, trainer, module):
        print("epoch", trainer.current_epoch)

    def on_validation_end(self, trainer, module):
        print("valid", trainer.callback_metrics)


# -------------------------------------------------------------------------------------------------- our own training
def train_by_hand(config, model, loader, valid):
    """One model, one optimizer, by hand."""
    model = model.to(DEVICE)
    optimizer = AdamW(split_decay(model, config.weight_decay), lr=config.lr, betas=config.betas)
    total = config.epochs * len(loader)
    scheduler = LambdaLR(optimizer, lambda step: warmup_then_cosine(step, config.warmup, total))
    plateau = ReduceLROnPlateau(optimizer, patience=2)
    criterion = nn.CrossEntropyLoss()
    best = math.inf
    for epoch in range(config.epochs):
        model.train()
        running = 0.0
        for step, (images, labels) in enumerate(loader):
            images, labels = images.to(DEVICE), labels.to(DEVICE)
            logits = model(images)
            loss = criterion(torch.softmax(logits, dim=1), labels)
            loss.backward()
            if step % 100 == 0:
                norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                print(f"{epoch}:{step} loss {loss.item():.3f} norm {norm:.3f} lr {scheduler.get_lr()}")
            scheduler.step()
            optimizer.step()
            running += loss
        found = evaluate(model, valid)
        plateau.step()
        if found < best:
            best = found
            torch.save({"model": model.state_dict(), "epoch": epoch}, f"{config.name}.pt")
    return best


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    total, count = 0.0, 0
    for images, labels in loader:
        logits = model(images.to(DEVICE))
        total += F.cross_entropy(logits, labels.to(DEVICE), reduction="sum").item()
        count += len(labels)
    return total / max(1, count)


def train_adversarially(config, loader):
    """Two optimizers in one loop."""
    encoder, critic = Backbone().to(DEVICE), nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 1)).to(DEVICE)
    decoder = nn.Linear(128, math.prod(IMAGE)).to(DEVICE)
    generator_optimizer = Adam([*encoder.parameters(), *decoder.parameters()], lr=config.lr)
    critic_optimizer = Adam(critic.parameters(), lr=config.lr)
    critic_optimizer.param_groups.append({"params": decoder.parameters()})
    bce = nn.BCEWithLogitsLoss()
    for _ in range(config.epochs):
        for images, _ in loader:
            images = images.to(DEVICE)
            features = encoder(images)
            fake, real = critic(features.detach()), critic(torch.randn_like(features))
            critic_loss = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
            critic_optimizer.zero_grad()
            critic_loss.backward()
            critic_optimizer.step()

            fooled = critic(features)
            generator_loss = bce(torch.sigmoid(fooled), torch.ones_like(fooled))
            generator_loss = generator_loss + F.mse_loss(decoder(features).view_as(images), images)
            generator_loss.backward()
            generator_optimizer.zero_grad()
            generator_optimizer.step()
    return encoder


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--fast", action="store_true")
    return parser.parse_args()


# ------------------------------------------------------------------------------------------------------ the script
arguments = parse()
seed_everything(SEED)
config = Config(epochs=arguments.epochs, lr=arguments.lr)
data = ImageData(config)
images = Images(2000)
train_set, valid_set = random_split(images, [1800, 200])
train_loader = DataLoader(train_set, batch_size=config.batch_size, sampler=RandomSampler(train_set), shuffle=True)
valid_loader = DataLoader(valid_set, batch_size=config.batch_size)

teacher = Classifier(config, is_frozen=True)
student = Distilled(config, teacher)
probe = nn.Linear(128, CLASSES)
probe_parameters = probe.parameters()
warm = SGD(probe_parameters, lr=0.1)
again = SGD(probe_parameters, lr=0.1)
schedule = CosineAnnealingLR(warm, 10)
for probe_images, probe_labels in train_loader:
    probe_loss = F.cross_entropy(F.softmax(probe(probe_images), dim=1), probe_labels)
    warm.zero_grad()
    probe_loss.backward()
    warm.step()
    schedule.step()
    if arguments.fast:
        break

callbacks = [Progress(), LearningRateMonitor("step"), ModelCheckpoint(monitor="valid_loss")]
trainer = L.Trainer(
    max_epochs=config.epochs,
    accelerator="gpus",
    precision="16bit",
    callbacks=callbacks,
    gpus=1,
    gradient_clip=1.0,
)
trainer.fit(teacher, train_loader, valid_loader)
trainer.fit(student, train_dataloader=train_loader)
trainer.fit(Adversarial(config), datamodule=data)
train_by_hand(config, Classifier(config), train_loader, valid_loader)
train_adversarially(config, train_loader)
