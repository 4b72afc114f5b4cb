"""Rules about optimizers: how they are built and what `configure_optimizers` returns."""
