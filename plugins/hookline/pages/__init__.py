"""Pages for people: from a JSON Schema to fields, from fields to HTML, and from what was typed to data."""
