"""VoiceXML: documents, the form interpretation algorithm and what it asks of a platform."""
