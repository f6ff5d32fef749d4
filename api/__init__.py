"""The ways in: HTTP, staff console, owner page, command line, sign-in."""
