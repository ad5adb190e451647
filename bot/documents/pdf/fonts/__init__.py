"""The fonts of the printed page, subsets under the SIL Open Font License 1.1."""
