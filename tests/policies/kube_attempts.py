"""Attempts with Kubernetes YAML: spellings that Podman accepts, or on which readers may differ."""

from tests.policies.attempt import EVIL, FINE, Attempt


def kube(rule: str, *lines: str, kind: str = "Pod") -> Attempt:
    """Return a YAML file for a .kube unit.

    A line belongs to the container, after "P " to the pod, after "V " to its volume (which the
    container mounts), after "A " to the annotations.
    """
    place = {"P": "", "V": "", "A": ""}
    own = ""
    for line in lines:
        if line[:2] in ("P ", "V ", "A "):
            place[line[0]] += f"  {'  ' if line[0] == 'V' else ''}{line[2:]}\n"
        else:
            own += f"    {line}\n"
    volume = f"  volumes:\n  - name: v\n{place['V']}" if place["V"] else ""
    mount = "    volumeMounts:\n    - name: v\n      mountPath: /h\n" if volume else ""
    notes = f"  annotations:\n{_deeper(place['A'])}" if place["A"] else ""
    image = "" if any(line.startswith("image:") for line in lines) else f"    image: {FINE}\n"
    spec = f"spec:\n{place['P']}{volume}  containers:\n  - name: c\n{image}{mount}{own}"
    if kind != "Pod":
        spec = f"spec:\n  template:\n{_deeper(_deeper(spec))}"
    text = f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: try\n{notes}{spec}"
    return kube_text(rule, text)


def kube_text(rule: str, text: str) -> Attempt:
    return Attempt(rule, "unit.write", {"file": "containers/systemd/try.yaml", "text": text})


def _deeper(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


KUBE_ATTEMPTS = [
    kube("images.registries", f"image: {EVIL}"),
    kube("images.registries", f'image: "{EVIL}"'),
    kube("images", "image: busybox"),
    kube("images", "image: dir:/etc"),
    kube("images", "image: ~"),
    kube("images.registries", f"P initContainers: [{{name: i, image: '{EVIL}'}}]"),
    kube("images.registries", f"image: {EVIL}", kind="Deployment"),
    kube("images.registries", f"image: {EVIL}", kind="DaemonSet"),
    kube("images.registries", f"image: {EVIL}", kind="Job"),
    kube("privileged", "securityContext: {privileged: true}"),
    kube("privileged", "securityContext:", "  privileged: true"),
    kube("privileged", 'securityContext: {"privileged":true}'),
    kube("privileged", 'securityContext: {"privile\\x67ed": true}'),
    kube("privileged", "securityContext: {privileged: 'true'}"),
    kube("raw_quadlets", "securityContext: {privileged: True}"),
    kube("raw_quadlets", "securityContext: {privileged: yes}"),
    kube("raw_quadlets", "securityContext: {Privileged: true}"),
    kube("raw_quadlets", "SecurityContext: {privileged: true}"),
    kube("raw_quadlets", "securityContext: {privileged: false, privileged: true}"),
    kube("raw_quadlets", "securityContext: {privileged: !!bool 'true'}"),
    kube("raw_quadlets", "securityContext: &a {runAsUser: 1}"),
    kube("raw_quadlets", "<<: {securityContext: {privileged: true}}"),
    kube("capabilities", "securityContext: {capabilities: {add: [ALL]}}", kind="Job"),
    kube("capabilities", "securityContext: {capabilities: {add: [SYS_ADMIN]}}"),
    kube("capabilities", "securityContext: {capabilities: {add: [CAP_SYS_ADMIN]}}"),
    kube("capabilities", "securityContext: {capabilities: {add: [all]}}"),
    kube("raw_quadlets", "securityContext: {capabilities: {Add: [SYS_ADMIN]}}"),
    kube("security_opt", "securityContext: {procMount: Unmasked}"),
    kube("security_opt", "securityContext: {seLinuxOptions: {type: spc_t}}"),
    kube("security_opt", "P securityContext: {seLinuxOptions: {type: spc_t}}"),
    kube("security_opt", "securityContext: {seLinuxOptions: {filetype: x_t}}"),
    kube("security_opt", "securityContext: {seccompProfile: {type: Unconfined}}"),
    kube("security_opt", "P securityContext: {appArmorProfile: {type: Unconfined}}"),
    kube("security_opt", "A seccomp.security.alpha.kubernetes.io/pod: unconfined"),
    kube("security_opt", "A container.seccomp.security.alpha.kubernetes.io/c: localhost/x.json"),
    kube("security_opt", "A container.apparmor.security.beta.kubernetes.io/c: unconfined"),
    kube("security_opt", "A io.podman.annotations.seccomp/c: unconfined"),
    kube("security_opt", "A io.podman.annotations.apparmor/c: unconfined"),
    kube("security_opt", "A io.podman.annotations.label/c: disable"),
    kube("security_opt", "A io.podman.annotations.label/c: disable", kind="Deployment"),
    kube("namespaces", "A io.podman.annotations.userns: host"),
    kube("namespaces", "A io.podman.annotations.userns/try: ns:/proc/1/ns/user"),
    kube("raw_quadlets", "A io.podman.annotations.privileged/c: 'TRUE'"),
    kube("raw_quadlets", "A io.podman.annotations.volumes-from/c: web"),
    kube("raw_quadlets", "A io.podman.annotations.kube.image.volumes.mount/c: evil"),
    kube("raw_quadlets", "A run.oci.keep_original_groups: '1'"),
    kube("raw_quadlets", "A bind-mount-options: /etc:z"),
    kube("namespaces", "P hostNetwork: true"),
    kube("namespaces", "P hostPID: true"),
    kube("namespaces", "P hostIPC: true"),
    kube("namespaces", "P hostNetwork: true", kind="Deployment"),
    kube("raw_quadlets", "P hostnetwork: true"),
    kube("raw_quadlets", "P HostPID: true"),
    kube("raw_quadlets", "P hostIPC: on"),
    kube("raw_quadlets", "P runtimeClassName: other"),
    kube("raw_quadlets", "P ephemeralContainers: []"),
    kube("binds", "V hostPath: {path: /}"),
    kube("binds.roots", "V hostPath: {path: /etc}"),
    kube("binds.roots", "V hostPath:", "V   path: /etc", "V   type: Directory"),
    kube("binds.roots", "V hostPath: {path: /var/tmp/new, type: DirectoryOrCreate}"),
    kube("binds.roots", "V hostPath: {path: /var/tmp/new, type: FileOrCreate}"),
    kube("binds", "V hostPath: {path: /run/user/1000/podman.sock, type: Socket}"),
    kube("binds", "V hostPath: {path: /dev/kvm}"),
    kube("binds.roots", "V hostPath: {path: ../../..}"),
    kube("binds.read_only", "V hostPath: {path: /usr/share}"),
    kube("binds.roots", "V hostPath: {path: /etc}", kind="DaemonSet"),
    kube("devices", "V hostPath: {path: /dev/kvm, type: CharDevice}"),
    kube("devices", "V hostPath: {path: /dev/sda, type: BlockDevice}"),
    kube("raw_quadlets", "V hostPath: {path: /etc, type: directory}"),
    kube("raw_quadlets", "V hostpath: {path: /etc}"),
    kube("raw_quadlets", "V configMap: {name: x}"),
    kube("raw_quadlets", "V secret: {secretName: x}"),
    kube("raw_quadlets", "V image: {reference: evil.example/x}"),
    kube("raw_quadlets", "V persistentVolumeClaim: {claimName: /etc}"),
    kube("raw_quadlets", "V emptyDir: {}", "V hostPath: {path: /etc}"),
    kube("raw_quadlets", "volumeMounts:", "- {name: v, mountPath: '/h:exec'}"),
    kube("raw_quadlets", "volumeMounts:", "- {name: v, mountPath: /h, subPath: ../..}"),
    kube("raw_quadlets", "volumeDevices:", "- {name: v, devicePath: /dev/kvm}"),
    kube("devices", "resources: {limits: {'podman.io/device=/dev/kvm': 1}}"),
    kube("devices", "resources: {requests: {'nvidia.com/gpu=all': 1}}"),
    kube("ports.ranges", "ports: [{containerPort: 80, hostPort: 80}]"),
    kube("ports.ranges", "ports: [{containerPort: 18900, hostPort: 8080, hostIP: 127.0.0.1}]"),
    kube("ports.ranges", "ports: [{containerPort: 80}]"),
    kube("ports.ranges", "ports: [{containerPort: 80, hostPort: 65616}]"),
    kube("raw_quadlets", "ports: [{containerPort: 80, HostPort: 80}]"),
    kube("raw_quadlets", "ports: [{containerPort: 80, hostPort: 0x50}]"),
    kube("memory.most", "resources: {limits: {memory: 1Gi}}"),
    kube("memory.most", "resources: {limits: {memory: 537000000}}"),
    kube("raw_quadlets", "resources: {limits: {memory: 0.5Gi}}"),
    kube("raw_quadlets", "resources: {limits: {memory: 1e12}}"),
    kube("cpus.most", "resources: {limits: {cpu: 2500m}}"),
    kube("cpus.most", "resources: {limits: {cpu: 2.5}}"),
    kube("raw_quadlets", "unknown: 1"),
    kube("raw_quadlets", kind="StatefulSet"),
    kube("raw_quadlets", kind="pod"),
    kube_text("raw_quadlets", "kind: List\nitems: [{kind: Pod, spec: {hostNetwork: true}}]\n"),
    kube_text("raw_quadlets", '{"kind": "Pod", "spec": {"hostNetwork": true}}'),
    kube_text("namespaces", "kind: ConfigMap\nmetadata: {name: a}\n---\nkind: Pod\n"
              "metadata: {name: b}\nspec: {hostPID: true}\n"),
    kube_text("raw_quadlets", "kind: PersistentVolumeClaim\nmetadata:\n  name: a\n"
              "  annotations: {volume.podman.io/device: /etc, volume.podman.io/type: none}\n"),
    kube_text("raw_quadlets", "kind: PersistentVolumeClaim\nmetadata:\n  name: a\n"
              "  annotations: {volume.podman.io/import-source: /etc/x.tar}\n"),
    kube_text("raw_quadlets", "%YAML 1.1\n---\nkind: Pod\n"),
    kube_text("raw_quadlets", "kind: Pod\nmetadata:\n\tname: x\n"),
    kube_text("raw_quadlets", "kind: Pod # \u2028spec: {hostNetwork: true}\n"),
    kube_text("raw_quadlets", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"),
    kube_text("raw_quadlets", "kind: [\n"),
    kube_text("raw_quadlets", "[" * 200),
    kube_text("raw_quadlets", "- x\n" * 8_000),
]  # fmt: skip

WHOLE = f"""
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {{app: web}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata:
      labels: {{app: web}}
      annotations:
        io.podman.annotations.autoremove/c: "FALSE"
        io.podman.annotations.privileged/c: "FALSE"
    spec:
      hostUsers: false
      initContainers:
      - name: first
        image: {FINE}
        command: [sh, -c, "echo \\"hello: $(id)\\" >/data/x"]
        volumeMounts: [{{name: data, mountPath: /data}}]
      containers:
      - name: c
        image: {FINE}
        args: ["--port=80"]
        env:
        - name: KEY
          valueFrom: {{configMapKeyRef: {{name: settings, key: key}}}}
        ports:
        - containerPort: 18900
          hostPort: 18901
        resources:
          limits: {{memory: 512Mi, cpu: 500m}}
          requests: {{memory: 64Mi}}
        securityContext:
          allowPrivilegeEscalation: false
          runAsUser: 1000
          capabilities:
            add: [NET_BIND_SERVICE]
            drop: [ALL]
          seccompProfile: {{type: RuntimeDefault}}
        volumeMounts:
        - name: data
          mountPath: /data
        - name: shared
          mountPath: /usr/share
          readOnly: true
        - name: scratch
          mountPath: /tmp
      volumes:
      - name: data
        persistentVolumeClaim: {{claimName: web-data}}
      - name: shared
        hostPath: {{path: /usr/share, type: Directory}}
      - name: scratch
        emptyDir: {{medium: Memory}}
---
kind: ConfigMap
apiVersion: v1
metadata:
  name: settings
data:
  key: |
    several lines: {{ of }} # anything
---
kind: PersistentVolumeClaim
apiVersion: v1
metadata:
  name: web-data
spec:
  accessModes: [ReadWriteOnce]
  resources: {{requests: {{storage: 1Gi}}}}
"""
KUBE_ALLOWED = [
    kube(""),
    kube("", "resources: {limits: {memory: 512Mi, cpu: 2}}", "imagePullPolicy: Never"),
    kube("", "V hostPath: {path: /var/tmp/berth-policy/rw}"),
    kube("", "V hostPath: {path: /dev/fuse, type: CharDevice}"),
    kube_text("", WHOLE),
    Attempt("", "unit.write", {"file": "containers/systemd/try.kube",
            "text": "[Kube]\nYaml=try.yaml\nPodmanArgs=--build=false\nNetwork=web.network\n"
                    "PublishPort=18900:80\n[Install]\nWantedBy=default.target\n"}),
]  # fmt: skip
