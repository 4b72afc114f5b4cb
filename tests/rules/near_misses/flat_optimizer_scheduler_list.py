# ----------------------------------------------------------------------------------------------------------------------
# A subclass that undoes it: what it takes from its base never reaches the Trainer.
import torch
from torch.optim.lr_scheduler import StepLR


class Recipe:
    def configure_optimizers(self):
        optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
        return [optimizer, StepLR(optimizer, 1)]


optimizer, scheduler = Recipe().configure_optimizers()
