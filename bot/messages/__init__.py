"""Every sentence a participant can receive, by id, rendered in a language."""
