# ----------------------------------------------------------------------------------------------------------------------
# Another class has a method of that name.
class Log:
    def log(self, name, value):
        print(name, value)


Log().log("epoch", "first")
Log().log("values", [1, 2])


# ----------------------------------------------------------------------------------------------------------------------
# Under Fabric the author's own `log` is called.
from lightning.fabric import Fabric
import lightning.pytorch as pl


class Net(pl.LightningModule):
    def training_step(self, batch, batch_idx):
        self.log("text", None)


Fabric().setup_module(Net())
