"""A mixture of experts for a small regression task.

What happens: no error, and the loss falls. But the experts live in a plain list, where `nn.Module` does not see them:
they are in no optimizer and in no checkpoint, and stay on the CPU when the model is moved. Only the gate learns. Its
softmax is also taken twice: once by hand, and once more inside `cross_entropy`, which wants the raw scores.
"""

import torch
from torch import nn
from torch.nn import functional as F


class Mixture(nn.Module):
    def __init__(self, inputs: int = 12, experts: int = 4) -> None:
        super().__init__()
        self.gate = nn.Linear(inputs, experts)
        self.experts = [nn.Linear(inputs, 1) for _ in range(experts)]

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        weights = F.softmax(self.gate(x), dim=-1)
        answers = torch.cat([expert(x) for expert in self.experts], dim=-1)
        return (weights * answers).sum(dim=-1), weights


def main() -> None:
    torch.manual_seed(0)
    model = Mixture()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    x = torch.randn(1024, 12)
    regime = (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()
    y = x.sum(dim=1) * (regime - 1.5)
    print("parameters that are trained:", sum(p.numel() for p in model.parameters()))

    for step in range(200):
        prediction, weights = model(x)
        loss = F.mse_loss(prediction, y) + 0.1 * F.cross_entropy(weights, regime)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            print(f"step {step:3d}: loss {loss.item():.4f}")


if __name__ == "__main__":
    main()
