"""The engine's side of the protocol in Python: a request a line comes in, a reply a line goes out, both JSON."""

import json
import os
import sys
import time
import traceback

# whatever a library prints goes to stderr: stdout is for replies
_out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def receive():
    """The next request; ends the process when the bench has no more."""
    line = sys.stdin.readline()
    if line == "":
        os._exit(0)
    return json.loads(line)


def reply(value):
    _out.write(json.dumps({"reply": value}) + "\n")
    _out.flush()


def serve(handlers):
    """Answers requests by the handler that `do` names, for ever."""
    try:
        while True:
            request = receive()
            reply(handlers[request.pop("do")](**request))
    except Exception:
        fail()


def fail():
    _out.write(json.dumps({"error": traceback.format_exc()[-2000:]}) + "\n")
    _out.flush()
    os._exit(1)


def serve_inference(prepare):
    """
    `prepare(request)` gives the call to be timed, the inputs that it takes in turn, the versions of the libraries in use,
    and `logits(count)` of the first test images, float32 [count × 10].
    """
    state = {}

    def on_prepare(**request):
        state["infer"], state["inputs"], versions, state["logits"] = prepare(request)
        state["at"] = 0
        return {"versions": versions}

    def run(blocks, calls):
        infer, inputs = state["infer"], state["inputs"]
        microseconds = []
        for _ in range(blocks):
            batch = [inputs[(state["at"] + i) % len(inputs)] for i in range(calls)]
            state["at"] += calls
            began = time.perf_counter_ns()
            for item in batch:
                infer(item)
            microseconds.append((time.perf_counter_ns() - began) / 1000 / calls)
        return {"microseconds": microseconds}

    def logits(count):
        return {"logits": [float(value) for value in state["logits"](count).reshape(-1)]}

    serve({"prepare": on_prepare, "run": run, "logits": logits})
