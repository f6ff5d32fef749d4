"""Words out: templates, channels, delivery receipts, the directory of owners."""

from notify.channel import (
    BadSignature,
    Channel,
    ChannelError,
    OutcomeUnknown,
    Outgoing,
    Receipt,
    Rejected,
    Submission,
    TryLater,
    Underway,
)
from notify.owners import CsvOwnerDirectory, NoOwners, Owner, OwnerDirectory, look_up
from notify.phones import mask_phone, mobile_number
from notify.receipts import apply_receipt
from notify.templates import Message, TemplateSet, check_budget, load_templates, render, segments

__all__ = [
    "BadSignature",
    "Channel",
    "ChannelError",
    "CsvOwnerDirectory",
    "Message",
    "NoOwners",
    "OutcomeUnknown",
    "Outgoing",
    "Owner",
    "OwnerDirectory",
    "Receipt",
    "Rejected",
    "Submission",
    "TemplateSet",
    "TryLater",
    "Underway",
    "apply_receipt",
    "check_budget",
    "load_templates",
    "look_up",
    "mask_phone",
    "mobile_number",
    "render",
    "segments",
]
