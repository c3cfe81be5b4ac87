"""The HTTP door: what balancers, orchestrators and Prometheus ask."""
