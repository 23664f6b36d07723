"""The study's task, its pairs and its report; the study itself is `make study`."""

import json
import sys

import pytest

from conftest import ROOT

STUDY = ROOT / "examples" / "study"


@pytest.fixture(scope="module")
def study():
    sys.path.insert(0, str(STUDY))
    yield
    sys.path.remove(str(STUDY))


@pytest.fixture
def task(study):
    import task

    return task


@pytest.fixture
def sample(study):
    import sample

    return sample


@pytest.fixture
def report(study):
    import report

    return report


def test_splits_share_no_word(task):
    words = [word for split in task.WORDS.values() for word in split]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("split", ["train", "validation", "held-out"])
def test_problems_differ_and_depend_on_the_seed_alone(task, split):
    drawn = task.problems(split, 100)
    assert len({frozenset(problem.words) for problem in drawn}) == 100
    assert drawn == task.problems(split, 100)
    assert drawn != task.problems(split, 100, seed=1)
    for problem in drawn:
        assert len(set(problem.words)) == 3
        assert set(problem.words) <= set(task.WORDS[split])


@pytest.mark.parametrize(
    ("answer", "is_right"),
    [
        ("The fox sat by the lake with a key.", True),
        ('A Fox said, "The KEY is in the lake!"', True),
        ("  The fox took the key (of $3.50) to the lake?\n", True),
        ("The fox sat by the lake.", False),
        ("The foxes sat by the lake with a key.", False),
        ("The fox sat by the lake. It had a key.", False),
        ("A fox:\nit took a key to the lake.", False),
        ("The fox sat by the lake with a key", False),
        ("Here is a sentence with fox, lake and key.", False),
        ("", False),
    ],
)
def test_the_checker(task, answer, is_right):
    assert task.Problem(("fox", "lake", "key")).is_solved_by(answer) is is_right


def test_pairs_are_of_different_answers_that_ended(task, sample):
    def answer(text, is_right, has_ended=True):
        return sample.Answer(text, 5, has_ended, is_right)

    problem = task.Problem(("fox", "lake", "key"))
    answers = [
        answer("right", True),
        answer("right", True),
        answer("cut", False, has_ended=False),
        answer("wrong", False),
        answer("wrong too", False),
        answer("right too", True),
        answer("wrong again", False),
        answer("right again", True),
    ]
    assert sample.pair(problem, answers) == [
        (problem.prompt, "right", "wrong"),
        (problem.prompt, "right too", "wrong too"),
    ]
    assert sample.pair(problem, answers[:3]) == []


def result(granularity, seed, is_right, **measures):
    accuracy = is_right.count("1") / len(is_right)
    examples = [{"words": ["a", "b", "c"], "text": "x | y\nz", "is_right": True}] * 2
    return {
        "granularity": granularity,
        "beta": 0.1,
        "seed": seed,
        "is_right": is_right,
        "accuracy": accuracy,
        "preference_accuracy": 0.5,
        "margin": 1.0,
        "tokens": 10.0,
        "ended": 1.0,
        "examples": examples,
        **measures,
    }


def tuned(granularity, seed, is_right):
    return result(granularity, seed, is_right, seconds=10.0 * seed, clipped=0.5)


@pytest.fixture
def results():
    return [
        result("none", 0, "0000", data={"train": {"problems": 4, "right": 0.25}}),
        tuned("response", 1, "0011"),
        tuned("response", 2, "0001"),
        tuned("token", 1, "1111"),
        tuned("token", 2, "0111"),
    ]


def test_mean_and_deviation(report):
    assert report.mean_and_deviation([1.0, 2.0, 3.0]) == (2.0, 1.0)
    assert report.mean_and_deviation([4.0]) == (4.0, 0.0)


def test_tables(report, results):
    groups = report.grouped(results)
    lines = report.measures(groups, report.SHOWN).splitlines()
    assert lines[2].startswith("| the model alone |  | 0.0 |")
    assert lines[3].startswith("| response (DPO) | 0.1 | 37.5 ± 17.7 |")
    assert lines[3].endswith("| 15 ± 7 |")
    assert lines[4].startswith("| token (static, k = 1) | 0.1 | 87.5 ± 17.7 |")
    assert lines[2].endswith("|  |")


def test_the_table_of_data(report, results):
    lines = report.data(report.grouped(results)).splitlines()
    assert lines[2] == "| train | 4 |  | 25.0 |  |  |  |"


def test_differences_are_paired_by_problem(report, results):
    groups = report.grouped(results)
    mean, (low, high) = report.difference(groups["token", 0.1], groups["response", 0.1])
    assert mean == pytest.approx(0.875 - 0.375)
    # By problem 0.5, 1, 0.5, 0: no resample of four can be outside.
    assert 0 <= low < mean < high <= 1
    assert report.difference(groups["token", 0.1], groups["token", 0.1]) == (0.0, (0.0, 0.0))


def test_the_page_is_replaced_between_its_marks(report):
    page = "before\n<!-- a -->\nold\n<!-- end -->\nafter\n"
    assert report.replace(page, "a", "new") == (
        "before\n<!-- a -->\n\nnew\n\n<!-- end -->\nafter\n"
    )
    with pytest.raises(ValueError, match="0 sections"):
        report.replace(page, "b", "new")


def test_the_committed_page_is_of_the_committed_results(report, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "figure", lambda groups, path: None)
    page = (STUDY / "README.md").read_text(encoding="utf-8")
    (tmp_path / "README.md").write_text(page, encoding="utf-8")
    committed = (STUDY / "results.json").read_text(encoding="utf-8")
    report.write(json.loads(committed), tmp_path)
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == page
    assert (tmp_path / "results.json").read_text(encoding="utf-8") == committed
