"""Rules about `self.log` and about the metrics that callbacks and schedulers watch."""
