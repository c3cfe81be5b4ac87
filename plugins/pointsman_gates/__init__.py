"""The standard gates, one module each, written against the same public API as anybody's."""
