"""Flows as tables of transitions."""
