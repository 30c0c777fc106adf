"""How far the clocks of workers are apart, and how well that is known."""
