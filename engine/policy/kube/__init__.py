"""Extract the requests of a Kubernetes YAML file, as `podman kube play` would read it.

Based on pkg/domain/infra/abi/play.go and pkg/specgen/generate/kube of Podman 4.4 to 5.4. Keys must
have their exact spelling (Podman ignores case). Everything unknown or of an unexpected form
requests raw unit files.
"""
