"""A run's figures in the forms that other programs read, each made from the one summary."""
