"""What a study does outside: it starts the processes of trials, and looks at the server."""
