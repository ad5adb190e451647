"""Style sheet, script, words and templates of the phone page."""
