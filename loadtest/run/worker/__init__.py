"""A process that carries users of a run: its engine, its health, its clock, its reports."""
