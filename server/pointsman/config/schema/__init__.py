"""The keys of `pointsman.yaml`, a module for each part."""
