"""Number plates: locate, rectify, read, vote, and the grammar that keeps them honest."""
