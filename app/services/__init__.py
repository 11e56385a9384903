"""What a person, a command or a flow can ask for."""
