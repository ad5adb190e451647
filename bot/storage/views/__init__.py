"""Read-only queries for pages, documents and planning."""
