"""The sheet, the scripts and the mark; served as they are."""
