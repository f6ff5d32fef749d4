"""`python -m api.commands`: the console script where its folder is not on the PATH."""

from api.cli import app

app()
