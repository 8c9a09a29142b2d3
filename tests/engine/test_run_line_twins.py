"""A pasted line, launched by Berth and in Bash, creates two equal containers."""

from typing import Any

import pytest

from engine.schema.containers import ContainerRun
from engine.schema.run_line import read
from launch.demo import IMAGE
from tests.engine.account import Account
from tests.engine.test_container_run_options import settings

# %s is the image. All run in the background, and no part of any is left out.
LINES = [
    "%s sleep 1000",
    "-e A=1 -e A=2 -e 'B=a b' -e C= %s sleep 1000",
    "-e 'C=one\ntwo' %s sh -c 'echo a\nexec sleep 1000'",
    "-e $'C=one\\n\\ttwo\\x41' %s sleep 1000",
    '-e "C=\\"q\\" \\\\ \\a" %s sleep 1000',
    "-e 'A=$HOME `id` $(id)' -e B=\\$HOME -e C=5$ %s sleep 1000",
    "-e A='x'\"y\"z\\ w %s sleep 1000",
    '-e "A=one\\\ntwo" %s sleep 1000',
    "-e=A=1 -ieB=2 %s sleep 1000",
    "-l a -l b= -l c=1,d=2 --label='e=f g' %s sleep 1000",
    "\\\n  --env A=1 \\\n  %s \\\n  sleep 1000",
    "-t %s sleep 1000",
    "-it %s sleep 1000",
    "-it=false %s sleep 1000",
    "-t=false -i=1 %s sleep 1000",
    "--tty --tty=F %s sleep 1000",
    "-d=true %s sleep 1000",
    "--rm --stop-signal=INT --stop-timeout 3 %s sleep 1000",
    "-p 18801:80 %s sleep 1000",
    "-p 127.0.0.1:18802:80/udp -p 127.0.0.1:18802:80 %s sleep 1000",
    "-p 18810-18812:80-82 %s sleep 1000",
    "-p 18803:80,18804:81/TCP %s sleep 1000",
    "-v data:/data:ro,U %s sleep 1000",
    "-v /usr/share:/data:ro,z -v /scratch %s sleep 1000",
    "-v '/usr/share:/da ta' %s sleep 1000",
    "--mount type=bind,src=/tmp,src=/usr/share,dst=/d,readonly %s sleep 1000",
    "--mount type=volume,source=v1,target=/d,ro,U %s sleep 1000",
    "--mount 'type=bind,\"src=/usr/share\",dst=/d,ro=false,relabel=shared' %s sleep 1000",
    "--network none %s sleep 1000",
    "--net=host %s sleep 1000",
    "--network twin-a --network twin-b %s sleep 1000",
    "--health-cmd 'test -d / && true' --health-interval 1m30s --health-retries 2 %s sleep 1000",
    "--health-cmd 'CMD-SHELL true' --health-interval disable %s sleep 1000",
    '--health-cmd \'["CMD-SHELL","true x"]\' --health-start-period 2000ms %s sleep 1000',
    "--health-cmd '[\"true\"]' --health-timeout 1.5m %s sleep 1000",
    "--health-cmd '' %s sleep 1000",
    "--entrypoint '' %s sleep 1000",
    "--entrypoint sleep %s 1000",
    "--entrypoint '[\"sh\",\"-c\"]' %s 'sleep 1000'",
    "-w /tmp -w / -u nobody -h twin.example %s sleep 1000",
    "--restart on-failure:3 %s sleep 1000",
    "--restart= --init --read-only %s sleep 1000",
    "-- %s sh -c 'exec sleep 1000' -- -t '#' '&&' ''",
]


@pytest.fixture(scope="module", autouse=True)
def networks(alice_linux: Any, alice_process: Any) -> None:
    """Create two networks of alice's own."""
    for name, subnet in (("twin-a", "10.213.1.0/24"), ("twin-b", "10.213.2.0/24")):
        alice_linux.podman("network", "create", "--subnet", subnet, name)


@pytest.mark.parametrize("line", LINES)
async def test_what_berth_reads_is_what_bash_and_podman_make(alice: Account, line: str) -> None:
    text = f"podman run --name twin {line.replace('%s', IMAGE)}"
    found = read(text)
    assert found.left_out == []
    made = await alice.do(ContainerRun.model_validate(found.values))
    ours = settings(await alice.inspect("twin"), made["id"])
    await alice.remove("twin")
    options = " ".join(alice.linux.podman_options())
    in_background = text.replace("podman run", f"podman {options} run -d", 1)
    done = alice.linux.run("bash", "-c", in_background)
    assert done.returncode == 0, done.stderr.decode()
    theirs = settings(await alice.inspect("twin"), done.stdout.decode().split()[-1])
    await alice.remove("twin")
    assert ours == theirs
