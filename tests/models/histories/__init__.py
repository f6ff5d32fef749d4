"""Random histories of every flow, the ten invariants of domain.md 4.8 held after each step."""
