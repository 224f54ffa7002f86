"""What may be deleted when it is old, table by table, and what never."""
