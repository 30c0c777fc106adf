"""The screens in a browser: the Chat tab in Locust's web UI, its own page, and its JSON.

``course`` keeps the course of a run, thinned and bounded; ``live`` makes it from the snapshots of
the workers; ``mount`` puts pages and routes into Locust's web server. What a run is and how it is
started is the affair of the process that leads it: it is asked through ``desk``.
"""
