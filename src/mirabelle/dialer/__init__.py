"""The dialer: takes calls that are due to the telephone network and back."""
