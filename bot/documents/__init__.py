"""The CDAI draft, invitations and reports as text and pages, in both languages."""
