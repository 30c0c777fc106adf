"""How much load a deployment carries: the search for its limit, what explains it, and its size.

The search, the fit and the sizing are arithmetic: they take the outcomes of trials and say what to
try next, or what the answer is. Nothing here starts a run, reads a file or looks at a clock.
"""
