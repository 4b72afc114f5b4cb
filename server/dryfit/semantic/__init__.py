"""What code means: values that are followed, and the facts that come of them."""
