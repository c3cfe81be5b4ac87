"""Generated from protos/pointsman/v1 by scripts/generate.py; never edited."""
