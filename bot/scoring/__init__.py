"""CDAI, patient-only scores, SES-CD, endpoints and the draft: pure, exact arithmetic."""
