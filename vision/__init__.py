"""Pixels in, observations out. Knows no database, no HTTP, no law."""
