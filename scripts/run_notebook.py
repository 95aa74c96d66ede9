"""Executes one notebook in a fresh kernel: run_notebook.py NOTEBOOK OUTPUT PROJECT.

Prints one JSON line an event; writes the executed notebook to OUTPUT only if every cell did as it should.
"""

import asyncio
import json
import os
import re
import sys
import tempfile
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

TIMEOUT = 30 * 60  # seconds a cell
SETTLE = 0.5  # seconds after the last cell, for what it left running to fail
LIMIT = 1_000_000  # bytes a notebook
FIGURE = "application/vnd.plotly.v1+json"
LATE = ("UncaughtException", "UnhandledPromiseRejection")

# what tslab reports, without its version: a notebook is the same file on every machine
METADATA = {
    "kernelspec": {"display_name": "TypeScript", "language": "typescript", "name": "tslab"},
    "language_info": {
        "codemirror_mode": {"mode": "typescript", "name": "javascript", "typescript": True},
        "file_extension": ".ts",
        "mimetype": "text/typescript",
        "name": "typescript",
    },
}


def tell(**event):
    print(json.dumps(event), flush=True)


def title_of(cells, index):
    """The heading above a cell, or its first line of code."""
    for cell in reversed(cells[:index]):
        headings = [line for line in cell.source.splitlines() if line.startswith("#")]
        if cell.cell_type == "markdown" and headings:
            return headings[-1].lstrip("# ")
    return next(iter(cells[index].source.splitlines()), "(an empty cell)")


def streamed(cell, name):
    return "".join(o.get("text", "") for o in cell.outputs if o.get("name") == name).strip()


def join_streams(cell):
    """Makes one output of what a cell printed without a break, however the kernel cut it into messages."""
    joined = []
    for output in cell.outputs:
        if joined and "name" in output and joined[-1].get("name") == output["name"]:
            joined[-1]["text"] += output["text"]
        else:
            joined.append(output)
    cell.outputs = joined


def problems_of(cell, had_outputs, is_solution):
    """What is wrong with a cell that ran to its end."""
    refused = re.search(r"^[✗○] \d\d-.*", streamed(cell, "stdout"), re.MULTILINE)
    if is_solution and refused:
        yield f"a check does not accept this solution: {refused.group()}"
    if streamed(cell, "stderr"):
        yield f"wrote to stderr: {streamed(cell, 'stderr')}"
    if any(word in streamed(cell, "stdout") for word in LATE):
        yield f"threw after its end: {streamed(cell, 'stdout')[:500]}"
    if had_outputs and not cell.outputs:
        yield "gave no output, but the stored notebook has one"
    for output in cell.outputs:
        data = output.get("data", {})
        if FIGURE in data and not (data.get("image/png") and data.get("text/plain")):
            yield f"shows a figure as {', '.join(data)} only: expected a picture (image/png) and words (text/plain) too"


def texts(value):
    """Every text in an output, pictures apart."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, dict):
        for key, part in value.items():
            if not key.startswith("image/"):
                yield from texts(part)


def names_path(text, folder):
    """Whether a text names the folder or what is in it: in a project at /src, `lib/src/int8/engine.ts` does not."""
    return re.search(rf"(?<![\w.+\-/])(file://)?{re.escape(folder)}(?![\w.\-])", text) is not None


class Runner:
    """One notebook, its kernel, and what went wrong."""

    def __init__(self, path):
        self.notebook = nbformat.read(path, as_version=4)
        self.is_solution = os.path.basename(os.path.dirname(os.path.abspath(path))) == "solutions"
        self.cells = [cell for cell in self.notebook.cells if cell.cell_type == "code"]
        self.had_outputs = {cell.id: bool(cell.outputs) for cell in self.cells}
        self.current = 0
        self.problems = []
        self.heard = []  # all that the kernel said on stderr, whichever cell it belongs to
        self.client = NotebookClient(
            self.notebook,
            kernel_name="tslab",
            timeout=TIMEOUT,
            startup_timeout=120,
            record_timing=False,
            resources={"metadata": {"path": os.path.dirname(os.path.abspath(path))}},
        )

    def complain(self, problem):
        self.problems.append(f"cell {self.current}: {problem}")

    async def run(self):
        with tempfile.TemporaryFile() as native:
            try:
                self.client.reset_execution_trackers()
                # what native code prints is in no notebook: kept only to explain a crash
                async with self.client.async_setup_kernel(stderr=native):
                    await self.run_cells()
            except CellExecutionError:
                # tslab tells of a failing cell on stderr and by its status, never by an `error` output
                self.complain(streamed(self.cells[self.current - 1], "stderr") or "failed without a word")
            except CellTimeoutError:
                self.complain(f"took longer than {TIMEOUT // 60} minutes and was stopped")
            except (DeadKernelError, RuntimeError) as error:
                native.seek(0)
                last = native.read().decode(errors="replace").strip()[-500:]
                self.complain(f"the kernel died (out of memory, or a crash in native code): {last or error}")
        self.check_whole()

    async def run_cells(self):
        listener = self.client.km.client()
        listener.start_channels(shell=False, stdin=False, hb=False, control=False)
        listening = asyncio.create_task(self.listen(listener))
        for index, cell in enumerate(self.notebook.cells):
            if cell.cell_type == "code":
                await self.run_cell(cell, index)
        await asyncio.sleep(SETTLE)
        listening.cancel()
        listener.stop_channels()

    async def run_cell(self, cell, index):
        self.current += 1
        began = time.monotonic()
        tell(event="start", number=self.current, of=len(self.cells), title=title_of(self.notebook.cells, index))
        try:
            await self.client.async_execute_cell(cell, index, execution_count=self.client.code_cells_executed + 1)
        finally:
            tell(event="end", seconds=round(time.monotonic() - began, 2))
        for problem in problems_of(cell, self.had_outputs[cell.id], self.is_solution):
            self.complain(problem)

    async def listen(self, listener):
        """nbclient drops what arrives when its cell is over; this hears everything."""
        while True:
            message = await listener.get_iopub_msg()
            if message["msg_type"] == "stream" and message["content"]["name"] == "stderr":
                self.heard.append(message["content"]["text"])

    def check_whole(self):
        kept = "".join(streamed(cell, "stderr") for cell in self.cells)
        if not self.problems:
            late = [text.strip() for text in self.heard if text.strip() not in kept]
            self.problems += [f"cell {self.current} or one before it threw after its end: {text}" for text in late]
        counts = [cell.execution_count for cell in self.cells]
        if not self.problems and counts != list(range(1, len(self.cells) + 1)):
            self.problems.append(f"execution counts are {counts}, expected 1 to {len(self.cells)}: is a cell empty?")

    def text(self, project):
        """The notebook as it will be stored."""
        self.notebook.metadata.update(METADATA)
        for cell in self.cells:
            join_streams(cell)
        text = nbformat.writes(self.notebook) + "\n"
        size = len(text.encode())
        if size > LIMIT:
            self.problems.append(f"holds {size:,} bytes, more than {LIMIT:,}: show fewer or smaller figures")
        outputs = [text for cell in self.cells for text in texts(cell.outputs)]
        if not self.problems and any(names_path(text, project) for text in outputs):
            self.problems.append(f"shows a path of this machine ({project}) in an output")
        return text


def executed(path):
    """The runner, when it has run. Jupyter looks for free ports before the kernel takes them: another may be faster."""
    for _ in range(3):
        runner = Runner(path)
        asyncio.run(runner.run())
        if not any("EADDRINUSE" in problem for problem in runner.problems if runner.current == 0):
            break
    return runner


def main(path, output, project):
    runner = executed(path)
    text = runner.text(project)
    if runner.problems:
        tell(event="failed", problems=runner.problems)
        raise SystemExit(1)
    with open(output, "w", encoding="utf-8") as file:
        file.write(text)
    tell(event="passed")


if __name__ == "__main__":
    main(*sys.argv[1:])
