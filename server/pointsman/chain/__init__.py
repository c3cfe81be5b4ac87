"""The policy chain: what is installed, what is loaded, and how it is called."""
