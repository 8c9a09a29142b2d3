"""One module for each real program that the engine uses."""
