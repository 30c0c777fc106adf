"""Who does what when: the schedule of a profile becomes actions of devices."""
