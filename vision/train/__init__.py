"""How the weights in vision/weights were made: `make train`, or `python -m vision.train`."""
