"""A machine on which the commands of the documents can be run: a folder with a fresh checkout and its own programs.

Programs that need root, a network, an account or Docker are stand-ins that check their arguments as far as they can;
`install`, `cp`, `tee` and the like are real. A program that is not here is not found, so who documents a new one
decides here how to try it. Paths such as /etc/… lie within the folder.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.documents import ROOT

REAL = ("cat", "chmod", "chown", "cp", "find", "grep", "mkdir", "rm", "sh", "tail", "tee", "test")
DATABASE_PROGRAMS = ("createdb", "dropdb", "pg_dump", "pg_restore", "psql")
SECRETS = {"TELEGRAM_BOT_TOKEN": "123456:ABC", "MONCRENEAU_API_KEY": "mk_1"}
TODAY = "2026-01-25"
_ABSOLUTE = re.compile(r"(?<![\w.])/(opt|etc|var|data|backup)/")

STAND_INS = {
    "date": f"echo {TODAY}",
    "journalctl": "",
    "openssl": "echo 0123456789abcdef",
    "sudo": """
        if [ "$1" = -u ]; then shift 2; fi
        exec "$@"
        """,
    "sudoedit": 'test -w "$1"',
    "systemctl": """
        case "$1" in
            daemon-reload) ;;
            enable|status|start|stop|restart) test -f "$MACHINE/etc/systemd/system/moncreneau-bot.service" ;;
            reload) grep -q '^ExecReload=' "$MACHINE/etc/systemd/system/moncreneau-bot.service" ;;
            *) exit 1 ;;
        esac
        """,
    "systemd-run": """
        while :; do
            case "$1" in -p) shift 2 ;; -*) shift ;; *) break ;; esac
        done
        exec "$@"
        """,
    "git": """
        case "$*" in
            "clone . "*) mkdir -p "$3" && cp -R . "$3" ;;
            pull) ;;
            "-C $MACHINE/opt/moncreneau-bot pull") test -d "$2" ;;
            *) exit 1 ;;
        esac
        """,
    # The user `bot` exists in the image only.
    "install": """
        while [ "$1" = -o ] || [ "$1" = -g ]; do shift 2; done
        exec "$REAL_INSTALL" "$@"
        """,
    # Parsed, and the environment is there afterwards.
    "make": """
        "$REAL_MAKE" -n "$@" >/dev/null
        python3 -m venv .venv
        """,
    "python3": """
        [ "$1 $2" = "-m venv" ]
        mkdir -p "$3/bin"
        cp "$MACHINE/programs/python" "$MACHINE/programs/pip" "$3/bin"
        """,
    "pipx": """
        case "$*" in "install ."|"install --force .") ;; *) exit 1 ;; esac
        test -f pyproject.toml
        cp "$MACHINE/programs/moncreneau-bot.installed" "$MACHINE/programs/moncreneau-bot"
        """,
    "moncreneau-bot.installed": """
        exec "$REAL_PYTHON" -m bot "$@" --help
        """,
    "pip": """
        [ "$1 $2 $3" = "install --require-hashes -r" ]
        test -f "$4"
        """,
    # What would begin to work says its help instead, which fails for unknown commands.
    "python": """
        case "$*" in
            "-m bot check --quick"|-c*) exec "$REAL_PYTHON" "$@" ;;
            "-m bot "*|"-m bench"*) exec "$REAL_PYTHON" "$@" --help ;;
            "-m pytest "*) exec "$REAL_PYTHON" "$@" --collect-only ;;
            *) exit 1 ;;
        esac
        """,
    # The real client, if there is one, shows its usage when it does not understand; no server is asked. Then what is
    # to be run within the container is run here.
    "docker": """
        named() { for word in "$@"; do if [ "$word" = "$service" ]; then return 0; fi; done; return 1; }
        if [ -n "$REAL_DOCKER" ]; then
            said=$(DOCKER_HOST=unix:///nonexistent "$REAL_DOCKER" "$@" 2>&1) || true
            case "$said" in *Usage:*) [ "$1" = compose ] || { echo "$said"; exit 1; } ;; esac
        fi
        service=moncreneau-bot compose=
        if [ "$1" = compose ]; then
            shift
            compose=yes
            case "$*" in *" -T postgresql "*) service=postgresql ;; *) service=bot ;; esac
        fi
        case "$1" in
            exec|run)
                while [ "$1" != "$service" ]; do shift; done
                shift
                # `--name` may have been the first, the image is the last.
                while [ -z "$compose" ] && named "$@"; do shift; done
                if [ $# -gt 0 ]; then exec "$@"; fi
                ;;
            cp) cp "${2#*:}" "$3" ;;
            build|kill|logs|pause|rm|start|stop|unpause|up) ;;
            *) exit 1 ;;
        esac
        """,
}


class Machine:
    """`databases` is the folder of PostgreSQL's programs, `server` their environment (PGHOST, PGUSER)."""

    def __init__(self, folder: Path, databases: Path | None = None, **server: str) -> None:
        self.folder = folder
        self.checkout = folder / "checkout"
        self.checkout.mkdir()
        for path in ROOT.iterdir():
            if path.name not in {".venv", ".git", ".env", ".ci"}:
                (self.checkout / path.name).symlink_to(path)
        self._programs = folder / "programs"
        self._programs.mkdir()
        for name in REAL:
            (self._programs / name).symlink_to(str(shutil.which(name)))
        if databases:
            for name in DATABASE_PROGRAMS:
                (self._programs / name).symlink_to(databases / name)
        for name, script in STAND_INS.items():
            program = self._programs / name
            program.write_text(f"#!/bin/sh\nset -e\n{script}")
            program.chmod(0o755)
        for name in ("etc/systemd/system", "var/lib/moncreneau-bot", "var/backups", "opt", "data"):
            (folder / name).mkdir(parents=True)
        (folder / "backup").symlink_to(self.checkout)
        self._environment = {
            "PATH": str(self._programs),
            "HOME": str(folder),
            "MACHINE": str(folder),
            "PYTHONPATH": str(ROOT),
            "REAL_PYTHON": sys.executable,
            "REAL_MAKE": str(shutil.which("make")),
            "REAL_INSTALL": str(shutil.which("install")),
            "REAL_DOCKER": shutil.which("docker") or "",
            **server,
        }

    def path(self, name: str) -> Path:
        """The path on this machine for an absolute path of the documents."""
        return self.folder / name.removeprefix("/")

    def run(self, block: str) -> str:
        """Paste a shell block; returns what it prints. Raises AssertionError at the first command that fails."""
        done = subprocess.run(  # noqa: S603 — the documents are ours
            ["/bin/sh", "-e", "-c", _ABSOLUTE.sub(rf"{self.folder}/\1/", block)],
            cwd=self.checkout,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}"
        return done.stdout

    def forget_settings(self) -> None:
        """No settings file is there, as before the first command."""
        for path in (self.checkout / ".env", self.path("/etc/moncreneau-bot.env")):
            path.unlink(missing_ok=True)

    def fill_in_secrets(self) -> None:
        """Do what the documents ask people to do with the settings files."""
        for path in (self.checkout / ".env", self.path("/etc/moncreneau-bot.env")):
            if path.exists():
                text = path.read_text()
                for name, value in SECRETS.items():
                    text = re.sub(rf"^{name}=$", f"{name}={value}", text, flags=re.MULTILINE)
                path.write_text(text)
