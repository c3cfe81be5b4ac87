"""Providers' wire formats, and the transport beneath them."""
