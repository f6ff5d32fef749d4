"""The running system: camera workers, intake, deadlines, sender, replay."""
