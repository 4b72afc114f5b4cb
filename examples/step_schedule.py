"""Train a regressor with a step schedule, and print the learning rate of each epoch.

What happens: no error, but two warnings. The schedule is stepped before the first step of the optimizer, so its first
value is never used. And the printed rate is not the one in use: `get_lr` works out the next value from the present
one, so in each epoch where the rate drops the log shows it ten times too small.
"""

import torch
from torch import nn
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 9


def data(samples: int = 512) -> DataLoader:
    x = torch.randn(samples, 10)
    y = x @ torch.linspace(-1.0, 1.0, 10).unsqueeze(1)
    return DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)


def main() -> None:
    torch.manual_seed(0)
    loader = data()
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Linear(32, 1))
    criterion = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scheduler = StepLR(optimizer, step_size=3, gamma=0.1)

    for epoch in range(EPOCHS):
        scheduler.step()
        total = 0.0
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        rate = scheduler.get_lr()[0]
        print(f"epoch {epoch}: loss {total / len(loader):.4f}, learning rate {rate:g}")


if __name__ == "__main__":
    main()
