"""The verbs of ``loadtest``: the only place that puts the parts together, prints, and exits.

One module per verb, each with ``add_arguments`` and ``run``; ``main`` finds the verb and turns
errors into a message and an exit code.
"""
