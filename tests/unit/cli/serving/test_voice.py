"""What a server says to its log."""

from __future__ import annotations

from structlog.testing import capture_logs

from mirabelle.cli.serving.voice import Voice


def test_the_error_of_an_application_is_a_warning_and_the_rest_of_a_call_is_no_news() -> None:
    with capture_logs() as told:
        voice = Voice(lambda _line: None)
        voice.story("ringing", 1)
        voice.story("error", 1, text="error.badfetch")
    assert [(each["event"], each["log_level"]) for each in told] == [("ringing", "info"), ("error", "warning")]
