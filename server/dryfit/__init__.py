"""Dryfit finds the mistakes in PyTorch and Lightning training code that cost GPU hours."""

__version__ = "0.1.0"
