"""A pretended far end: scripted callees, and the demonstration that uses them."""
