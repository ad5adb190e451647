"""Telegram: the one door to python-telegram-bot."""
