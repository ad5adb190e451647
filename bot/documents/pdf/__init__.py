"""The CDAI draft and the signed CDAI as one printed A4 page."""
