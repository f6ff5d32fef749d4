"""Words out: templates, channels, delivery receipts, the directory of owners."""
