"""The look at the addresses before a call is queued, over real sockets."""

from __future__ import annotations

import pytest

from tests.acceptance.customer import Customer
from tests.acceptance.service import Service


@pytest.fixture
def looking(prepared: Service) -> Service:
    """A server that asks the addresses of a call before it queues it, and has nowhere to call."""
    prepared.preflight, prepared.trunks = True, False
    prepared.prepare_again()
    prepared.start()
    return prepared


def test_addresses_are_asked_once_without_variables_and_what_they_say_decides(
    looking: Service, customer: Customer
) -> None:
    looking.queue(customer)
    looking.queue(customer)
    assert sorted(customer.requests) == [("GET", "result", {}), ("GET", "start", {})]

    fields = {"phone_number": "+16175550123", "start_url": customer.url("nowhere")}
    reply = looking.post(**fields)
    assert '<queuecall status="failed">' in reply
    assert f'<error field="start_url">GET {customer.url("nowhere")} was answered with HTTP status 404' in reply

    customer.pages["nowhere"] = (200, "<html/>")
    reply = looking.post(**fields)
    assert '<queuecall status="queued"' in reply
    assert '<warning field="start_url" line="1">' in reply
