"""Items, answers, entries and completeness of diary days: pure."""
