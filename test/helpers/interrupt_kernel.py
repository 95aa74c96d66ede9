"""Presses Stop on a training cell as JupyterLab does, then uses the kernel again; prints what the cells printed."""

import sys
import time

from jupyter_client.manager import start_new_kernel

SETUP = """
import { Trainer, buildLeNet5, constant, loadMnist, take } from "lenet-lab";
const model = buildLeNet5({ seed: 1 });
const before = model.getWeights()[0].dataSync().slice();
const images = take(loadMnist().train, 12_800);
const onStep = ({ step }) => { if (step % 10 === 5) console.log("at step", step); };
const trainer = new Trainer(model, { train: images, epochs: 20, schedule: constant(0.01), onStep });
"""
REPORT = """
const after = model.getWeights()[0].dataSync();
console.log(`changed ${after.some((weight, i) => weight !== before[i])}`, `step ${trainer.step}`);
"""

manager, client = start_new_kernel(kernel_name="tslab", cwd=sys.argv[1])


def execute(code, interrupt=False):
    """Runs one cell, interrupted once it trains if asked to; gives its reply's status and all that it printed."""
    request, printed = client.execute(code), ""
    while True:
        if interrupt and "at step" in printed:
            manager.interrupt_kernel()
            interrupt = False
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


def execute_next(code, **options):
    """The kernel refuses cells for a moment after a failed one, as Run All expects of it."""
    while (result := execute(code, **options))[0] in ("abort", "aborted"):
        time.sleep(0.1)
    return result


try:
    print("set-up:", execute(SETUP)[0])
    status, printed = execute("await trainer.run();", interrupt=True)
    print("stopped:", status, "Interrupted" in printed)
    print("then:", *execute_next(REPORT))
    print("again:", *execute("const reason = await trainer.run(); console.log(reason);", interrupt=True))
    print("still there:", *execute_next("console.log(trainer.step > 0, 1 + 1);"))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
