"""What goes over the wires, as pure functions and values."""
