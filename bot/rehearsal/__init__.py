"""Simulated participants and a simulated site, playing the whole study through the real handlers."""
