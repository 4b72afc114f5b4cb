"""The language server: its parts by themselves, the protocol in this process, and whole processes with real clients."""
