"""All services that speak JSON."""

from __future__ import annotations

from fastapi import APIRouter

from mirabelle.api.scheduling import routes
from mirabelle.api.v1 import router
from mirabelle.api.v1.services import Services


def routers(services: Services) -> tuple[APIRouter, ...]:
    """The services below `/v1` and `/api`, behind one guard.

    Args:
        services: the rest of the server.
    """
    guard = router.guard(services)
    return router.router(services, guard), routes.router(services, guard)
