"""Style sheet, script and mark of the diary page."""
