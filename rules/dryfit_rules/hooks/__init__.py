"""Rules about the hooks that Lightning calls on modules and callbacks."""
