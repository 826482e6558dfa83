"""The matchmaker: waiting room, assignment, leases, control links, REST."""
