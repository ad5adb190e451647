"""What the product can do: one verb per file, one permission check, one transaction, its audit events."""
