"""Convert Podman's answers to Berth's models: ports, and the result of a prune."""

from typing import Any

from engine.schema.containers import Port, Pruned


def ports_of(mappings: list[dict[str, Any]] | None) -> list[Port]:
    """Read Podman's port mappings."""
    return [
        Port(
            container_port=mapping["container_port"],
            host_port=mapping["host_port"] or None,
            host_ip=mapping.get("host_ip") or "",
            protocol=mapping.get("protocol") or "tcp",
            length=mapping.get("range") or 1,
        )
        for mapping in mappings or []
    ]


def pruned(reports: list[dict[str, Any]], noun: str) -> Pruned:
    """Read the reports of a prune."""
    removed = [str(report["Id"]) for report in reports if not report.get("Err")]
    many = "" if len(removed) == 1 else "s"
    return Pruned(
        summary=f"{len(removed)} {noun}{many} removed.",
        warnings=[str(report["Err"]) for report in reports if report.get("Err")],
        removed=removed,
        bytes_reclaimed=sum(
            int(str(report.get("Size") or 0)) for report in reports if not report.get("Err")
        ),
    )
