"""Whether one deployment, or one setting, is worse than another: two sets of runs compared.

The arithmetic (`student`, `estimates`, `holm`, `shares`, `power`, `judgement`) does no I/O: it
takes figures and returns estimates and verdicts.
"""
