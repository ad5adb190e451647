"""A local Bot API server as strict as Telegram, with a phone page on which a person plays a participant."""
