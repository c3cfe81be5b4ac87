"""`pointsman.yaml`: its schema, and loading it into a frozen `Config` with every problem named at once."""
