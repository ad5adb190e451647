"""How a person gets in and stays in: sessions, step-up, CSRF, headers, kept forms."""
