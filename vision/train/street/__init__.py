"""The street model: COCO's trunk and six-class head as they are, a branch of ours beside them."""
