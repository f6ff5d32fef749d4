"""Stories that are killed at each of their recorded steps and go on afterwards."""
