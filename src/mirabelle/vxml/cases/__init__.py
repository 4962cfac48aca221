"""Tests of VoiceXML applications: what a caller does, and what must come of it."""
