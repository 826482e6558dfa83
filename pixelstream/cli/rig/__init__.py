"""The bench's rig: servers under test as processes of their own, what is measured on them, and the table."""
