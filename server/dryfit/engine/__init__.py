"""Rules over texts: packs, settings, suppressions, fixes, witnesses. The doors for editors and the command line."""
