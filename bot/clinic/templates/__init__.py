"""Page templates and macros."""
