"""Tests of rows of docs/law.md that no other room is home to."""
