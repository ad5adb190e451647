"""The participant's web diary: the same card as in the chat, as a phone page behind a personal link."""
