"""Starts the tslab kernel, asks it for 1 + 1, and fails unless it says 2."""

import sys

from jupyter_client.manager import start_new_kernel

manager, client = start_new_kernel(startup_timeout=60, kernel_name="tslab")
said = []


def hear(message):
    content = message["content"]
    said.append(content.get("text") or str(content.get("data", "")))


try:
    client.execute_interactive("1 + 1", timeout=60, output_hook=hear)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)

if "2" not in "".join(said):
    sys.exit(f"Expected the kernel to answer 1 + 1 with 2, got {said}.")
