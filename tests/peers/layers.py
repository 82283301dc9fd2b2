#!/usr/bin/env python3
"""Compare two counters reports of benchmark_app layer by layer.

  layers.py OURS.csv[,OURS.csv...] THEIRS.csv[,THEIRS.csv...] [--top N]

The reports come from `benchmark_app -report_type average_counters` of Vintner and of OpenVINO on the same
model with the same options. Of several reports of one side the least time of each layer counts. Layers meet by
name; fused ones may carry another name on the other side, so the sums by kind are given as well.
"""
import argparse
import collections
import csv


def read(paths):
    """{name: (milliseconds, kind, implementation)} of the layers that ran."""
    layers = {}
    for path in paths.split(","):
        with open(path, encoding="utf-8") as file:
            for row in csv.reader(file, delimiter=";"):
                if len(row) < 5 or not row[1].endswith("EXECUTED"):
                    continue
                time = float(row[4])
                if row[0] not in layers or time < layers[row[0]][0]:
                    layers[row[0]] = (time, row[2], row[3])
    return layers


def by_kind(layers):
    times, counts = collections.Counter(), collections.Counter()
    for time, kind, implementation in layers.values():
        times[kind, implementation] += time
        counts[kind, implementation] += 1
    return [(f"{kind} {implementation}", counts[kind, implementation], time)
            for (kind, implementation), time in times.most_common()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ours")
    parser.add_argument("theirs")
    parser.add_argument("--top", type=int, default=8, help="how many layers of each end to show (8)")
    options = parser.parse_args()
    ours, theirs = read(options.ours), read(options.theirs)
    for title, layers in (("ours", ours), ("theirs", theirs)):
        print(f"{title}: {sum(layer[0] for layer in layers.values()):.3f} ms")
        for kind, count, time in by_kind(layers)[:options.top]:
            print(f"    {time:9.3f} ms  {count:3} x {kind}")
    both = sorted(set(ours) & set(theirs), key=lambda name: theirs[name][0] - ours[name][0])
    a, b = sum(ours[name][0] for name in both), sum(theirs[name][0] for name in both)
    least = sum(min(ours[name][0], theirs[name][0]) for name in both)
    print(f"{len(both)} layers of the same name: ours {a:.3f} ms, theirs {b:.3f}, the better of each {least:.3f}")
    for title, names in (("slower than theirs", both[:options.top]),
                         ("faster than theirs", both[::-1][:options.top])):
        print(f"{title}, milliseconds ours and theirs:")
        for name in names:
            if (theirs[name][0] < ours[name][0]) == title.startswith("slower"):
                print(f"    {ours[name][0]:8.3f} {theirs[name][0]:8.3f}  {name}: {ours[name][2]}, {theirs[name][2]}")


main()
