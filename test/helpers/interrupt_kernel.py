"""Presses Stop on a training cell as JupyterLab does, then uses the kernel again; prints what the cells printed."""

import sys
import time

from jupyter_client.manager import start_new_kernel

SETUP = """
import { Trainer, buildLeNet5, constant, loadMnist, take } from "lenet-lab";
const model = buildLeNet5({ seed: 1 });
const before = model.getWeights()[0].dataSync().slice();
const images = take(loadMnist().train, 12_800);
const trainer = new Trainer(model, { train: images, epochs: 20, schedule: constant(0.01) });
"""
REPORT = """
const after = model.getWeights()[0].dataSync();
console.log(`changed ${after.some((weight, i) => weight !== before[i])}`, `step ${trainer.step}`);
"""

manager, client = start_new_kernel(kernel_name="tslab", cwd=sys.argv[1])


def execute(code, interrupt_after=None):
    """Runs one cell; gives its reply's status and all that it printed."""
    request, began, printed = client.execute(code), time.time(), ""
    while True:
        if interrupt_after is not None and time.time() - began > interrupt_after:
            manager.interrupt_kernel()
            interrupt_after = None
        if not manager.is_alive():
            raise SystemExit("the kernel died")
        try:
            message = client.get_iopub_msg(timeout=0.2)
        except Exception:  # queue.Empty: nothing was said for a while
            continue
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "stream":
            printed += message["content"]["text"]
        if message["content"].get("execution_state") == "idle":
            break
    reply = client.get_shell_msg(timeout=10)
    while reply["parent_header"].get("msg_id") != request:
        reply = client.get_shell_msg(timeout=10)
    return reply["content"].get("status"), printed


try:
    print("set-up:", execute(SETUP)[0])
    status, printed = execute("await trainer.run();", interrupt_after=4)
    print("stopped:", status, "Interrupted" in printed)
    # the kernel refuses cells for a moment after a failed one, as Run All expects of it
    time.sleep(2)
    print("then:", *execute(REPORT))
    print("again:", *execute("const reason = await trainer.run(); console.log(reason);", interrupt_after=3))
    time.sleep(2)
    print("still there:", *execute("console.log(trainer.step > 0, 1 + 1);"))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
