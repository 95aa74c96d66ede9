"""Starts the tslab kernel, asks it for 1 + 1, and fails unless it says 2."""

import signal
import sys

from jupyter_client.manager import KernelManager

said = []


def hear(message):
    content = message["content"]
    said.append(content.get("text") or str(content.get("data", "")))


def ask(manager):
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.execute_interactive("1 + 1", timeout=60, output_hook=hear)
    client.stop_channels()


# an interrupted set-up ends us by this signal: leave by the way that ends the kernel too
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
manager = KernelManager(kernel_name="tslab")
try:
    ask(manager)
finally:
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)

if "2" not in "".join(said):
    sys.exit(f"Expected the kernel to answer 1 + 1 with 2, got {said}.")
