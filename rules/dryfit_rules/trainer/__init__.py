"""Rules about the Trainer's arguments and its entry points."""
