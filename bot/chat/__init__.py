"""The conversation: pure steps, and the desk that runs them."""
