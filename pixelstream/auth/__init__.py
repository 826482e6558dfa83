"""Who may do what: keys, bearer checks and session leases. Pure: the clock is an argument."""
