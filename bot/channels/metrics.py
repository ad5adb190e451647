"""Counters for operators; never a label that tells one participant from another."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()

UPDATES_STORED = Counter("cdai_updates_stored_total", "Updates stored in the inbox.", registry=REGISTRY)
UPDATES_HANDLED = Counter(
    "cdai_updates_handled_total", "Updates taken from the inbox, by what became of them.", ["end"], registry=REGISTRY
)
MESSAGES = Counter(
    "cdai_messages_total", "Attempts to send, by kind of message and outcome.", ["kind", "outcome"], registry=REGISTRY
)
CALLBACK_ANSWERS = Counter(
    "cdai_callback_answers_total", "Answers to taps, by outcome.", ["outcome"], registry=REGISTRY
)
HANDLING_SECONDS = Histogram(
    "cdai_update_handling_seconds", "Time from taking up an update to its commit.", registry=REGISTRY,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)  # fmt: skip
INBOX_WAITING = Gauge("cdai_inbox_waiting", "Updates waiting to be handled.", registry=REGISTRY)
INBOX_ASIDE = Gauge("cdai_inbox_aside", "Updates in quarantine.", registry=REGISTRY)
LEADING = Gauge("cdai_leading", "1 while this process is the one that sends.", registry=REGISTRY)
OUTBOX_DUE = Gauge("cdai_outbox_due", "Messages due or on their way.", registry=REGISTRY)
INBOX_LAG = Gauge("cdai_inbox_lag_seconds", "For how long the oldest waiting update has been seen.", registry=REGISTRY)
POLL_AGE = Gauge("cdai_poll_age_seconds", "Since the last poll that succeeded; 0 without polling.", registry=REGISTRY)
LEAD_AGE = Gauge("cdai_lead_age_seconds", "Since a leader confirmed its lease; 0 on SQLite.", registry=REGISTRY)
ALARM = Gauge("cdai_alarm", "1 while something is wrong that somebody should see to.", ["name"], registry=REGISTRY)
POLL_FAILURES = Counter("cdai_poll_failures_total", "Failed polls, by code.", ["code"], registry=REGISTRY)
