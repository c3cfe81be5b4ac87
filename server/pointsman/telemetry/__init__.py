"""What an operator sees of a running server: metrics and logs, every name declared in one place."""
