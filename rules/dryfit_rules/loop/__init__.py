"""Rules about the training loop: when gradients are cleared, filled and used."""
