"""The pages; every module here that holds `pages` is served."""
