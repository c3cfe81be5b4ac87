"""API keys: what they are, the file that holds them, and who presents one."""
