"""What can be said of a VoiceXML application without running it."""
