# ----------------------------------------------------------------------------------------------------------------------
# A plain module whose method hands out the class.
import torch


class Recipe(torch.nn.Module):
    def configure_optimizers(self):
        return torch.optim.Adam


optimizer = Recipe().configure_optimizers()([torch.zeros(1)])
