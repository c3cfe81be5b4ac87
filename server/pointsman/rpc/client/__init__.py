"""A small client of a running server, for our own command line; it keeps protobuf to itself."""
