"""How many streams a fleet should have: taken + waiting + buffer, within bounds and a budget."""
