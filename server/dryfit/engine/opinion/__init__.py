"""The second opinion: the class of what a call of an installed package's function returns; `opinions` is the door."""
