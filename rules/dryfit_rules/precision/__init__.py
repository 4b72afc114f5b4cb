"""Rules about mixed precision: autocast and gradient scaling."""
