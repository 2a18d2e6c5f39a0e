"""The course: every notebook runs as it is kept, and every exercise tells right from wrong."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebooks.answers import ANSWERS

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
EXERCISE = re.compile(r"^\*\*Exercise (\d+)\.\*\*", re.MULTILINE)
SOLUTION = re.compile(r"<summary>Solution</summary>.*?```python\n(.*?)```", re.DOTALL)
CHECK = re.compile(r"^check\((\d+), answer.*\)$", re.MULTILINE)
ALLOWED = {"torch", "numpy", "pandas", "matplotlib", "sympy", "xarray", "models", "analysis"}
OF_THE_COURSE = {"figures", "exercises", "checking"}
SECONDS = 300  # for a cell that hangs; a whole notebook takes a tenth of it

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> nbformat.NotebookNode:
    """A notebook as it is kept."""
    return nbformat.read(path, as_version=4)


def trial(check: str, answers: list[str]) -> nbformat.NotebookNode:
    """A cell that tries answers in copies of the names, so that the notebook goes on untouched."""
    lines = [
        f"names = dict(globals())\nexec({code!r}, names)\nexec({check!r}, names)"
        for code in answers
    ]
    return nbformat.v4.new_code_cell("\n".join(lines))


def printed(cell: nbformat.NotebookNode) -> list[str]:
    """Lines a cell wrote."""
    return "".join(o.text for o in cell.outputs if o.get("name") == "stdout").splitlines()


@pytest.mark.pipeline
@every_notebook
def test_exercises_tell_right_from_wrong(path: Path) -> None:
    """One execution for both: what is kept runs, and after each exercise a solution that does not
    solve it, a wrong answer called right, or an answer that makes `check` raise would show."""
    notebook, wanted, solution = read(path), ANSWERS[path.stem], ""
    cells, trials = [], {}
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "markdown" and EXERCISE.search(cell.source):
            (solution,) = SOLUTION.findall(cell.source)
        elif cell.cell_type == "code" and (found := CHECK.search(cell.source)):
            answers = wanted[number := int(found[1])]
            tried = trial(found[0], [solution, answers.wrong, answers.malformed])
            trials[number] = (cell, tried)
            cells.append(tried)
    notebook.cells = cells
    assert trials.keys() == wanted.keys()
    client = NotebookClient(
        notebook,
        timeout=SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(FOLDER)}},
    )
    client.execute()
    for number, (cell, tried) in trials.items():
        (untouched,) = printed(cell)
        assert untouched.startswith(f"{number}. nothing given yet; wanted: ")
        right, wrong, malformed = printed(tried)
        assert right.startswith(f"{number}. right: ")
        assert wrong.startswith(f"{number}. not yet: ")
        assert wanted[number].hint in wrong
        assert malformed.startswith(f"{number}. not yet: that ")
        assert wanted[number].found in malformed
        assert "wanted: " in malformed


@every_notebook
def test_every_exercise_has_hint_solution_and_check(path: Path) -> None:
    asked, checked = [], []
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            numbers = [int(n) for n in EXERCISE.findall(cell.source)]
            asked += numbers
            for summary in ("Hint", "Solution"):
                assert cell.source.count(f"<summary>{summary}</summary>") == len(numbers)
            assert cell.source.count("<details>") == cell.source.count("</details>")
        else:
            checked += [int(n) for n in CHECK.findall(cell.source)]
    assert asked == checked == list(range(1, len(asked) + 1))
    assert 4 <= len(asked) <= 7


@every_notebook
def test_kept_without_outputs_and_traces_of_a_machine(path: Path) -> None:
    notebook = read(path)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    for cell in notebook.cells:
        assert cell.metadata == {}
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@every_notebook
def test_only_what_a_reader_has_is_imported(path: Path) -> None:
    """Nothing from `stagewise`: a lecture needs no configuration and no pipeline."""
    code = "\n".join(
        line
        for cell in read(path).cells
        if cell.cell_type == "code"
        for line in cell.source.splitlines()
        if not line.startswith("%")
    )
    roots = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            roots |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            roots.add(str(node.module).split(".")[0])
    assert roots <= ALLOWED | OF_THE_COURSE
