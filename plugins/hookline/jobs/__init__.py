"""Jobs: one row for each thing that an event caused."""
