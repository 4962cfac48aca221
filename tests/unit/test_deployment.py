"""What is in deploy/, looked at by the validators of its formats."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from compose_spec.compose_spec import PyCompose

from mirabelle.settings import PREFIX, load

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text())
MANIFESTS: list[dict[str, Any]] = list(yaml.safe_load_all((DEPLOY / "kubernetes/mirabelle.yaml").read_text()))
UNITS = ("mirabelle", "mirabelle-api", "mirabelle-dial@")


def named(kind: str, name: str) -> dict[str, Any]:
    return next(each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == (kind, name))


def pod(kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = named(kind, name)["spec"]["template"]["spec"]
    return found


def settings_of(environment: dict[str, str]) -> dict[str, str]:
    """The variables that are settings, with what is filled in by others written out."""
    filled = {"${PUBLIC_ADDRESS:?set it in deploy/fleet.env}": "203.0.113.7", "${PUBLIC_ADDRESS}": "203.0.113.7"}
    ours = {
        name: value for name, value in environment.items() if name.startswith(PREFIX) and name != "MIRABELLE_CONFIG"
    }
    return {name: filled.get(value, value.replace("$(NODE_ADDRESS)", "203.0.113.7")) for name, value in ours.items()}


class TestCompose:
    def test_the_file_is_what_the_compose_specification_says(self) -> None:
        PyCompose.from_json(json.dumps(COMPOSE)).validate()

    def test_volumes_and_networks_that_are_used_are_declared(self) -> None:
        for service in COMPOSE["services"].values():
            assert set(service["networks"]) <= set(COMPOSE["networks"])
            volumes = {volume.split(":")[0] for volume in service["volumes"]}
            assert {each for each in volumes if not each.startswith(".")} <= set(COMPOSE["volumes"])

    @pytest.mark.parametrize("name", ["api", "dialer-1", "dialer-2"])
    def test_every_variable_of_a_service_is_a_setting(self, name: str) -> None:
        load(DEPLOY / "mirabelle.toml", settings_of(COMPOSE["services"][name]["environment"]))

    @pytest.mark.parametrize("name", ["dialer-1", "dialer-2"])
    def test_the_ports_of_a_dialer_are_published_as_they_are(self, name: str) -> None:
        service = COMPOSE["services"][name]
        settings = load(DEPLOY / "mirabelle.toml", settings_of(service["environment"]))
        port = settings.sip.address[1]
        assert service["ports"] == [f"{port}:{port}/udp", f"{settings.media.ports}:{settings.media.ports}/udp"]
        lowest, highest = settings.media.port_range
        assert settings.dialer.most_calls == (highest - lowest + 1) // 2

    def test_services_have_longer_to_stop_than_a_drain_takes(self) -> None:
        drain = load(DEPLOY / "mirabelle.toml", {}).dialer.drain_seconds
        for name in ("api", "dialer-1", "dialer-2"):
            assert int(COMPOSE["services"][name]["stop_grace_period"].removesuffix("s")) >= drain + 20


class TestKubernetes:
    @pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: f"{each['kind']} {each['metadata']['name']}")
    def test_a_manifest_is_what_the_schema_says(self, manifest: dict[str, Any]) -> None:
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)

    @pytest.mark.parametrize(("kind", "name"), [("Deployment", "mirabelle-api"), ("StatefulSet", "mirabelle-dial")])
    def test_settings_files_and_variables_are_understood(self, kind: str, name: str, tmp_path: Path) -> None:
        config = tmp_path / "mirabelle.toml"
        config.write_text(named("ConfigMap", "mirabelle")["data"]["mirabelle.toml"])
        found = pod(kind, name)
        variables = {each["name"]: each.get("value", "") for each in found["containers"][0]["env"]}
        settings = load(config, settings_of(variables | named("Secret", "mirabelle")["stringData"]))
        assert found["terminationGracePeriodSeconds"] >= settings.dialer.drain_seconds + 20

    @pytest.mark.parametrize(("kind", "name"), [("Deployment", "mirabelle-api"), ("StatefulSet", "mirabelle-dial")])
    def test_variables_that_kubernetes_makes_up_are_kept_out(self, kind: str, name: str) -> None:
        assert pod(kind, name)["enableServiceLinks"] is False


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_a_unit(
    unit: str, require_peer: Callable[[str, Path | str | None], Path], tmp_path: Path
) -> None:
    analyze = require_peer("systemd-analyze", shutil.which("systemd-analyze"))
    text = (DEPLOY / f"systemd/{unit}.service").read_text()
    # It wants the program to be there.
    path = tmp_path / f"{unit.replace('@', '@1')}.service"
    path.write_text(text.replace("/opt/mirabelle/bin/mirabelle", "/bin/true"))
    command: list[str | Path] = [analyze, "verify", "--man=no", "--recursive-errors=no", path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert [line for line in done.stderr.splitlines() if path.name in line] == []
    assert done.returncode == 0, done.stderr
