"""Rules about modules: what they register, what they freeze, and which of their parameters are trained."""
