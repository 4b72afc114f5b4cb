"""Rules about learning-rate schedulers: how they are built, stepped and read."""
