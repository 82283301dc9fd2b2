#!/usr/bin/env python3
"""Compile the programs of c_api/ against OpenVINO's own headers and run each binary on both libraries.

  compare_c_api.py --openvino SITE_PACKAGES/openvino --lib BUILD/runtime/libvintner.so [--model M.xml] [NAME ...]

One binary, two values of LD_LIBRARY_PATH: what a program prints (statuses, values, text forms) must be the same.
The programs together must call every function that OpenVINO's library exports. Exits 1 on any difference.
"""
import argparse
import difflib
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1] for line in lines.splitlines() if line.split()[-2] == "T" and " ov_" in line}


def called(binary):
    lines = subprocess.run(["nm", "-D", "-u", binary], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1] for line in lines.splitlines() if line.split()[-1].startswith("ov_")}


def run(binary, libraries, model):
    """What the program prints with the libraries of that folder, in an empty folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "LD_LIBRARY_PATH": str(libraries), "LC_ALL": "C.UTF-8"}
        done = subprocess.run([binary, model], cwd=folder, env=environment, capture_output=True, text=True, timeout=300,
                              errors="replace", check=False)
    tail = f"exit status {done.returncode}"
    return done.stdout.splitlines() + [tail] + (done.stderr.splitlines() if done.returncode else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--openvino", required=True, type=pathlib.Path, help="the folder that has include/ and libs/")
    parser.add_argument("--lib", required=True, type=pathlib.Path, help="libvintner.so")
    parser.add_argument("--model", type=pathlib.Path, default=ROOT / "models/digits/digits.xml")
    parser.add_argument("names", nargs="*", help="programs to run (all)")
    options = parser.parse_args()
    peer = next((options.openvino / "libs").glob("libopenvino_c.so*"))
    sources = sorted((HERE / "c_api").glob("*.c"))
    reached, bad = set(), 0
    with tempfile.TemporaryDirectory() as folder:
        ours = pathlib.Path(folder) / "lib"
        ours.mkdir()
        (ours / peer.name).symlink_to(options.lib.resolve())
        for source in sources:
            binary = pathlib.Path(folder) / source.stem
            subprocess.run(["gcc", "-std=gnu17", "-g", "-Wall", f"-I{options.openvino}/include", source, "-o", binary, peer,
                            f"-Wl,-rpath-link,{peer.parent}", "-lpthread"], check=True)
            reached |= called(binary)
            if options.names and source.stem not in options.names:
                continue
            theirs = run(binary, peer.parent, options.model.resolve())
            mine = run(binary, ours, options.model.resolve())
            if "exit status 0" not in theirs:
                print("\n".join(theirs[-3:]))
                sys.exit(f"{source.stem} does not get through with OpenVINO's library")
            difference = list(difflib.unified_diff(theirs, mine, "OpenVINO", "Vintner", lineterm="", n=2))
            print(f"{source.stem}: {len(theirs)} lines, {'same' if not difference else 'DIFFERENT'}")
            print("\n".join(difference), end="\n" if difference else "")
            bad += bool(difference)
    missing = sorted(exported(peer) - reached)
    print(f"{len(exported(peer))} functions exported, {len(missing)} of them called by no program {' '.join(missing)}")
    sys.exit(bool(bad or missing))


main()
