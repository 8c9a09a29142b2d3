"""What a Kubernetes YAML file asks for when Podman plays it (`podman kube play`).

After pkg/domain/infra/abi/play.go and pkg/specgen/generate/kube of Podman 4.4 to 5.4. Keys are
known by their exact spelling (Podman takes them in any case), and everything that is not known, or
has an unexpected form, is a demand for raw unit files.
"""
