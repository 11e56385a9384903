"""What must stay secret, in the keyring of the system's account."""
