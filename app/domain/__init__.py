"""Values and rules of the lab: standard library only, no input or output."""
