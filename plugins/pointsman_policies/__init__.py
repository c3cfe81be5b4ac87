"""The standard policies, one module each, written against the same public API as anybody's."""
