"""State that outlives a request, and the clock it is kept by."""
