"""Texts: spans, edits that refuse to overlap, and what files are made of."""
