"""The media plane: RTP for many calls at once, in a process of its own."""
