"""What a policy of scaling would do to given visits: the matchmaker's own rules, on a clock that jumps."""
