"""A plain training loop whose loss stays where it began.

What happens: no error and no warning. The gradients are cleared between `backward` and `step`, so every step finds
none: the loss of the last epoch is that of the first, up to the order of the batches.
"""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Tagger(nn.Module):
    def __init__(self, words: int = 200, tags: int = 5) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, 16)
        self.rnn = nn.GRU(16, 24, batch_first=True)
        self.output = nn.Linear(24, tags)

    def forward(self, sentence: torch.Tensor) -> torch.Tensor:
        hidden, _ = self.rnn(self.embedding(sentence))
        return self.output(hidden).transpose(1, 2)


def train_epoch(model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer) -> float:
    criterion = nn.CrossEntropyLoss()
    total = 0.0
    for sentence, tags in loader:
        loss = criterion(model(sentence), tags)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


def main() -> None:
    torch.manual_seed(0)
    sentences = torch.randint(0, 200, (256, 12))
    loader = DataLoader(TensorDataset(sentences, sentences % 5), batch_size=32, shuffle=True)
    model = Tagger()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for epoch in range(5):
        print(f"epoch {epoch}: loss {train_epoch(model, loader, optimizer):.4f}")


if __name__ == "__main__":
    main()
