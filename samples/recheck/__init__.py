"""Scripted scenes for the second look: stills of one street, and what happens there when."""
