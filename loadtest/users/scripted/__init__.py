"""Users whose tasks a person writes: the user, its devices, handlers and resources."""
