"""Rules about losses: what they expect of their input."""
