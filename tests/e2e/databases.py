"""Real databases of Debian's packages, each one process with data of its own.

Started as root they give that up, so their directories are ones that those users may enter.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.support import needs
from tests.support.processes import free_port, listens, stop, wait_ready

PASSWORD = "of a test"
LONGEST = 120  # seconds; only a hang lasts so long


class Database:
    """A server process. Subclasses say how its data is made, and how it and its client run."""

    USER = "nobody"
    """Who it runs as, if this is root."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="linkerpy-db-"))
        self.data = self.root / "data"
        self.data.mkdir(mode=0o700)
        self.port = free_port()
        self._as = self.USER if os.geteuid() == 0 else None
        self.give_away(self.root, self.data)
        self._process = None

    def give_away(self, *paths):
        """Let these files be its own, where it runs as somebody else."""
        for path in paths:
            if self._as is not None:
                shutil.chown(path, self._as)

    def prepare(self):
        """Make the data."""

    def command(self):
        """What to run."""
        raise NotImplementedError

    def start(self):
        self.prepare()
        log = self.root / "log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                self.command(), cwd=self.data, user=self._as, stdout=out, stderr=out
            )
        wait_ready(self._process, lambda: listens(self.port), log.read_text, seconds=60)
        return self

    def stop(self):
        if self._process is not None:
            stop(self._process)
        shutil.rmtree(self.root)

    def run(self, *command, user=None, **options):
        """Run a program to its end; what it printed.

        Raises: AssertionError with what it said, if it failed.
        """
        done = subprocess.run(
            command, capture_output=True, check=False, timeout=LONGEST, user=user, **options
        )
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout


class MariaDb(Database):
    """MariaDB, with TLS by the certificate it is given; its user is `mesh`."""

    USER = "mysql"

    def __init__(self, certificate, bundle):
        self.binary = needs.program("mariadbd", "mariadb-server")
        self.client = needs.program("mariadb", "mariadb-client")
        super().__init__()
        self.bundle = bundle
        self.tls = [self.root / "cert.pem", self.root / "key.pem"]
        for source, path in zip(
            (certificate.cert_path, certificate.key_path), self.tls, strict=True
        ):
            shutil.copy(source, path)
        self.give_away(*self.tls)

    def prepare(self):
        self.run(
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={self.data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            user=self._as,
        )
        account = f"create user mesh@'%' identified by '{PASSWORD}'"  # one statement a line
        first = [account, "grant all on *.* to mesh@'%'", "create database mesh"]
        (self.root / "first.sql").write_text("".join(f"{line};\n" for line in first), "utf-8")

    def command(self):
        return [
            self.binary,
            "--no-defaults",
            f"--datadir={self.data}",
            f"--socket={self.root}/socket",
            f"--pid-file={self.root}/pid",
            f"--init-file={self.root}/first.sql",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--max-connections=400",
            "--innodb-flush-log-at-trx-commit=0",
            f"--ssl-cert={self.tls[0]}",
            f"--ssl-key={self.tls[1]}",
        ]

    def arguments(self, port, *more):
        """Its clients' arguments for a server on `port`."""
        account = ["--user=mesh", f"--password={PASSWORD}"]
        return ["--no-defaults", "--protocol=tcp", "-h127.0.0.1", f"-P{port}", *account, *more]

    def query(self, port, sql, *more):
        """What the client prints of a query."""
        arguments = self.arguments(port, "--batch", "--skip-column-names", *more)
        return self.run(self.client, *arguments, "-e", sql, "mesh").decode().strip()

    def over_tls(self):
        """Arguments for TLS with the certificate checked."""
        return ["--ssl", f"--ssl-ca={self.bundle}", "--ssl-verify-server-cert"]


class Postgres(Database):
    """PostgreSQL, with TLS by the certificate it is given."""

    USER = "postgres"

    def __init__(self, certificate, bundle):
        self.client = needs.program("psql", "postgresql")
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
        if not found:
            needs.lack("postgres", "apt-get install postgresql")
        self.programs = found[-1].parent
        super().__init__()
        self.bundle = bundle
        self._certificate = certificate

    def prepare(self):
        options = ["--auth=trust", "--username=mesh", "--no-sync", "--encoding=UTF8"]
        self.run(str(self.programs / "initdb"), *options, str(self.data), user=self._as)
        for source, name in (
            (self._certificate.cert_path, "server.crt"),
            (self._certificate.key_path, "server.key"),
        ):
            shutil.copy(source, self.data / name)
            (self.data / name).chmod(0o600)
            self.give_away(self.data / name)

    def command(self):
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.root,
            "fsync": "off",
            "ssl": "on",
        }
        given = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self.programs / "postgres"), "-D", str(self.data), *given]

    def query(self, port, sql, **settings):
        """What the client prints of a query; `settings` are those of its connection."""
        keys = {"host": "127.0.0.1", "port": port, "user": "mesh", "dbname": "postgres"} | settings
        where = " ".join(f"{name}={value}" for name, value in keys.items())
        return self.run(self.client, "--no-psqlrc", "-qAt", "-c", sql, where).decode().strip()


class Redis(Database):
    """Redis, that keeps nothing."""

    def __init__(self):
        self.binary = needs.program("redis-server")
        self.client = needs.program("redis-cli", "redis-server")
        super().__init__()

    def command(self):
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.data)]
        return [self.binary, *where, "--save", "", "--appendonly", "no"]

    def ask(self, port, *command, **options):
        """What the client prints of a command."""
        return self.run(self.client, "-p", str(port), *command, **options).decode().strip()
