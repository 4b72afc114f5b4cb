"""Reading and writing source files; all that can go wrong comes back as one line."""
