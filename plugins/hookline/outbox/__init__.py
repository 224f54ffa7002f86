"""What is to be told to other systems: committed with what was observed, delivered later."""
