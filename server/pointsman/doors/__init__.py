"""What every door has, whatever is spoken at it: who calls, what is let in, and what is wrong with a request."""
