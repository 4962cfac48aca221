"""The ground: what a call is and the rules it lives by. Pure values and functions, no I/O, the clock an argument."""
