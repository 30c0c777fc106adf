"""The process that leads a run: it checks the target, gathers reports and writes the results."""
