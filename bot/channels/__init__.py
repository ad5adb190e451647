"""Roads to participants: durable inbox in, outbox out."""
