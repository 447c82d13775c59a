"""Looks the pinned packages up among known vulnerabilities. Only a finding fails; what was not looked up is said."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def main(requirements: str) -> int:
    audit = subprocess.run(
        [
            Path(sys.executable).with_name("pip-audit"),
            *("--requirement", requirements, "--no-deps", "--disable-pip"),
            *("--format", "json", "--progress-spinner", "off", "--timeout", "20"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        packages = json.loads(audit.stdout)["dependencies"]
    except ValueError:
        reason = (audit.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        return say(f"WARNING: pip-audit could not look anything up, so NOTHING WAS AUDITED: {reason}")
    vulnerable = [package for package in packages if package.get("vulns")]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    for package in vulnerable:
        for finding in package["vulns"]:
            fixed_in = ", ".join(finding["fix_versions"]) or "no release yet"
            say(f"{package['name']} {package['version']}: {finding['id']}, fixed in {fixed_in}")
    if unknown:
        say(f"WARNING: {len(unknown)} of {len(packages)} packages could not be looked up, and WERE NOT AUDITED.")
    say(f"{len(packages) - len(unknown)} packages audited, {len(vulnerable)} with known vulnerabilities.")
    return 1 if vulnerable else 0


def say(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
