"""What is due, and when: protocol, calendar, diary windows, reminders; knows nothing of the bot."""
