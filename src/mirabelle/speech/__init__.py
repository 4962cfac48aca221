"""Speech: SSML in, PCM out, behind a protocol; the default speaks through espeak-ng in its own process."""
