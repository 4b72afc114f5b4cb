"""Units of a text and the lowered tree; the only package that knows parsers."""
