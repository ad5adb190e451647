"""Protocol files that ship with the product."""
