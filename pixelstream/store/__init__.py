"""Where the matchmaker's truth is kept: the interface, and the store in this process's memory."""
