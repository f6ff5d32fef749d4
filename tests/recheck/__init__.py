"""The second look before a decision, on rendered scenes with ground truth."""
