"""Templates of the diary page."""
