"""Print pip's settings about the source of packages: NAME=VALUE for `env`, each ended by NUL.

Reads them like pip, whose old releases do not list all of them:
https://pip.pypa.io/en/stable/topics/configuration/
"""

import configparser
import os
import sys
from pathlib import Path

KEPT = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "cert"),
    *("client-cert", "proxy", "timeout", "default-timeout", "retries", "cache-dir"),
    *("no-cache-dir", "keyring-provider"),
)


def files() -> list[Path]:
    """Return the configuration files. Later ones take precedence."""
    given = os.environ.get("PIP_CONFIG_FILE", "")
    if given == os.devnull:
        return []
    shared = [
        Path(folder) / "pip/pip.conf"
        for folder in reversed(os.environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":"))
        if folder
    ]
    home = Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    own = [home / ".pip/pip.conf", config / "pip/pip.conf"]
    if given and Path(given).exists():
        own = [Path(given)]
    return [*shared, Path("/etc/pip.conf"), *own]


def main() -> int:
    """Return exit status 0, or 1 after printing a line about an unreadable file."""
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for file in files():
        parser = configparser.RawConfigParser()
        try:
            parser.read(file)
        except (configparser.Error, UnicodeDecodeError) as error:
            print(f"{file}: {' '.join(str(error).split())}", file=sys.stderr)
            return 1
        for section, values in found.items():
            if parser.has_section(section):
                values.update({n.replace("_", "-"): v for n, v in parser.items(section)})
    variables = {
        name[4:].lower().replace("_", "-"): value
        for name, value in os.environ.items()
        if name.startswith("PIP_")
    }
    for name in KEPT:
        for source in (variables, found["install"], found["global"]):
            if value := source.get(name):
                sys.stdout.write(f"PIP_{name.upper().replace('-', '_')}={value}\0")
                break
    return 0


if __name__ == "__main__":
    sys.exit(main())
