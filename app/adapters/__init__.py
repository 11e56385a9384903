"""One folder an outside thing; none knows another, all import the domain only."""
