"""Commands, one group per file; thin: they parse, call an action and print."""
