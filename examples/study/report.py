"""Tables and a figure of the study's results.

python report.py

Reads results.json, writes figure.svg, and replaces the tables in README.md.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

HERE = Path(__file__).resolve().parent
BASE = "none"
RESAMPLES = 10_000
# The paper's names (arXiv 2602.09533) for granularities that have another here.
PAPER = {"response": "DPO", "token": "static, k = 1"}
COLORS = ("#c60", "#06c")

Result = dict[str, Any]
# Runs that differ in their seed alone, by granularity and beta.
Groups = dict[tuple[str, float], list[Result]]
# Column, key, factor and decimals.
SHOWN = (
    ("task accuracy, %", "accuracy", 100, 1),
    ("preference accuracy, %", "preference_accuracy", 100, 1),
    ("margin, nats", "margin", 1, 2),
    ("answer length, tokens", "tokens", 1, 1),
    ("training, s", "seconds", 1, 0),
)
DATA = (
    ("problems", "problems", 1, 0),
    ("answers", "answers", 1, 0),
    ("right, %", "right", 100, 1),
    ("pairs", "pairs", 1, 0),
    ("chosen, tokens", "chosen_tokens", 1, 1),
    ("rejected, tokens", "rejected_tokens", 1, 1),
)
MORE = (
    ("segments a pair", "segments_of_a_pair", 1, 1),
    ("chosen log-prob, change", "chosen_log_ratio", 1, 2),
    ("rejected log-prob, change", "rejected_log_ratio", 1, 2),
    ("answers that end, %", "ended", 100, 1),
    ("updates clipped, %", "clipped", 100, 0),
    ("training, CPU s", "cpu_seconds", 1, 0),
)


def grouped(results: list[Result]) -> Groups:
    """Group the runs, in the order of their first."""
    groups: Groups = {}
    for result in results:
        groups.setdefault((result["granularity"], result["beta"]), []).append(result)
    return groups


def base(groups: Groups) -> Result:
    """Give what was measured of the model alone."""
    return next(runs[0] for (granularity, _), runs in groups.items() if granularity == BASE)


def mean_and_deviation(values: list[float]) -> tuple[float, float]:
    """Mean and sample standard deviation, which is 0 for one value."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def cell(runs: list[Result], key: str, factor: float, digits: int) -> str:
    """Write "mean ± deviation", or one run's number alone."""
    values = [run[key] * factor for run in runs if key in run]
    if not values:
        return ""
    mean, deviation = mean_and_deviation(values)
    return f"{mean:.{digits}f}" + (f" ± {deviation:.{digits}f}" if len(values) > 1 else "")


def rights(runs: list[Result]) -> npt.NDArray[np.float64]:
    """Give the share of runs that solved each problem, of shape [problems]."""
    solved = [[answer == "1" for answer in run["is_right"]] for run in runs]
    return np.mean(np.array(solved, float), axis=0)


def difference(runs: list[Result], others: list[Result]) -> tuple[float, tuple[float, float]]:
    """Give the difference of task accuracies, and its 95 % interval by a paired bootstrap.

    The problems are resampled, the runs are not: the interval says how far these adapters would
    differ on other problems.
    """
    differences = rights(runs) - rights(others)
    generator = np.random.default_rng(0)
    drawn = generator.integers(len(differences), size=(RESAMPLES, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [0.025, 0.975])
    return float(differences.mean()), (float(low), float(high))


def names(granularity: str, beta: float) -> list[str]:
    """Give a group's cells in the first columns of a table."""
    if granularity == BASE:
        return ["the model alone", ""]
    name = f"{granularity} ({PAPER[granularity]})" if granularity in PAPER else granularity
    return [name, f"{beta:g}"]


def table(rows: list[list[str]]) -> str:
    """Format a Markdown table, the first row its head."""
    head, *body = rows
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def data(groups: Groups) -> str:
    """Make the table of the sampled answers and the pairs made of them."""
    rows = [["split", *[title for title, *_ in DATA]]]
    for split, described in base(groups)["data"].items():
        rows.append([split, *[cell([described], *measure[1:]) for measure in DATA]])
    return table(rows)


def measures(groups: Groups, shown: tuple[tuple[str, str, float, int], ...]) -> str:
    """Make the table of some measures, a row for each group."""
    rows = [["granularity", "beta", *[title for title, *_ in shown]]]
    for key, runs in groups.items():
        rows.append([*names(*key), *[cell(runs, *measure[1:]) for measure in shown]])
    return table(rows)


def comparison(groups: Groups) -> str:
    """Make the table of differences of task accuracy from response granularity."""
    rows = [["granularity", "beta", "difference, points", "95 % interval"]]
    for (granularity, beta), runs in groups.items():
        if granularity in (BASE, "response"):
            continue
        mean, (low, high) = difference(runs, groups["response", beta])
        interval = f"{100 * low:+.1f} to {100 * high:+.1f}"
        rows.append([*names(granularity, beta), f"{100 * mean:+.1f}", interval])
    return table(rows)


def examples(groups: Groups) -> str:
    """Quote what the first run of each group answers to the first problems."""
    rows = [["granularity", "beta", *[", ".join(it["words"]) for it in base(groups)["examples"]]]]
    for key, runs in groups.items():
        texts = [" ".join(it["text"].split()) for it in runs[0]["examples"]]
        rows.append([*names(*key), *[text.replace("|", "\\|") for text in texts]])
    return table(rows)


def figure(groups: Groups, path: Path) -> None:
    """Draw each measure: a dot for each run, its mean and deviation; dashed, the model alone."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "study", "svg.fonttype": "none", "font.size": 9})
    from matplotlib import pyplot

    tuned = {key: runs for key, runs in groups.items() if key[0] != BASE}
    granularities = list(dict.fromkeys(granularity for granularity, _ in tuned))
    betas = sorted({beta for _, beta in tuned})
    panels, axes = pyplot.subplots(1, len(SHOWN), figsize=(13, 3.4), layout="constrained")
    for axis, (title, key, factor, _) in zip(axes, SHOWN):
        for (granularity, beta), runs in tuned.items():
            side = betas.index(beta) - (len(betas) - 1) / 2
            place = granularities.index(granularity) + 0.3 * side
            color = COLORS[betas.index(beta)]
            values = [run[key] * factor for run in runs]
            mean, deviation = mean_and_deviation(values)
            label = f"beta {beta:g}" if granularity == granularities[0] else None
            axis.errorbar(place, mean, deviation, fmt="_", color=color, capsize=4, label=label)
            axis.plot([place] * len(values), values, "o", color=color, markersize=3, alpha=0.5)
        if key in base(groups):
            line = {"color": "black", "linestyle": "--", "linewidth": 1}
            axis.axhline(base(groups)[key] * factor, label="the model alone", **line)
        axis.set_title(title, fontsize=10)
        axis.set_xticks(range(len(granularities)), granularities, rotation=45, ha="right")
        axis.margins(x=0.1)
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_ylim(bottom=0)
    axes[0].legend(frameon=False, fontsize=8)
    panels.savefig(path, metadata={"Date": None})
    pyplot.close(panels)


def replace(page: str, section: str, body: str) -> str:
    """Put the body between a section's marks: `<!-- name -->` and `<!-- end -->`."""
    pattern = re.compile(rf"(<!-- {section} -->\n).*?(<!-- end -->)", re.DOTALL)
    replaced, count = pattern.subn(lambda marks: f"{marks[1]}\n{body}\n\n{marks[2]}", page)
    if count != 1:
        raise ValueError(f"the page has {count} sections {section!r}, not 1")
    return replaced


def write(results: list[Result], folder: Path = HERE) -> None:
    """Write results.json, figure.svg and the tables of README.md."""
    lines = ",\n".join(json.dumps(result, ensure_ascii=False) for result in results)
    (folder / "results.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    groups = grouped(results)
    page = (folder / "README.md").read_text(encoding="utf-8")
    for section, body in (
        ("data", data(groups)),
        ("measures", measures(groups, SHOWN)),
        ("more measures", measures(groups, MORE)),
        ("comparison", comparison(groups)),
        ("examples", examples(groups)),
    ):
        page = replace(page, section, body)
    (folder / "README.md").write_text(page, encoding="utf-8")
    figure(groups, folder / "figure.svg")


if __name__ == "__main__":
    write(json.loads((HERE / "results.json").read_text(encoding="utf-8")))
