"""The recipe of the plate reader: rendered GA 36 plates, degradations, net, training, export."""
