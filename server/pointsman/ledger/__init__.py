"""Where requests are recorded, and what is read back from there."""
