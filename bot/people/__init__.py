"""Participants, invitations and roles: pure."""
