/** The bench's side of the protocol: an engine in a process of its own, which computes only when it is asked. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** How an engine is started. */
export interface Start {
  /** a file in `engines` */
  program: string;
  /** further variables of its environment */
  env?: Record<string, string>;
}

export const root = join(__dirname, "..");
/** Where the Python of the peers lies. */
export const peerPython = join(root, ".venv-bench", "bin", "python");

// an epoch of the slowest engine takes half a minute on a busy machine
const patience = 10 * 60_000;

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

export class EngineProcess {
  private readonly child: ChildProcess;
  private readonly program: string;
  private problem = "";
  private ended = false;
  private settle: ((line: string | undefined) => void) | undefined;

  constructor({ program, env = {} }: Start) {
    const file = join(__dirname, "engines", program);
    const [command, ...args] = program.endsWith(".py")
      ? ([peerPython, file] as const)
      : ([process.execPath, "--import", "tsx", file] as const);
    this.program = program;
    this.child = spawn(command, args, { cwd: root, env: { ...cleanEnvironment(), ...env } });
    running.add(this.child);
    this.child.stderr?.on("data", (text) => {
      this.problem = (this.problem + text).slice(-4000);
    });
    this.child.on("error", (error) => this.end(error.message));
    this.child.on("close", (code, signal) => this.end(`ended with ${signal ?? `code ${code}`}`));
    // an engine that has gone is noticed by the answer that does not come
    this.child.stdin?.on("error", () => {});
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      // libraries print what they like; answers begin like this
      if (/^\{"(reply|error)":/.test(line)) this.settle?.(line);
    });
  }

  /**
   * Sends a request and waits for the answer.
   * @throws when the engine answers with an error, has ended, or does not answer in ten minutes
   */
  async ask<Answer>(what: string, request: Record<string, unknown> = {}): Promise<Answer> {
    const late = setTimeout(() => {
      this.problem = `${this.problem}\nno answer within ${patience / 60_000} minutes`;
      this.stop();
    }, patience);
    const line = await new Promise<string | undefined>((resolve) => {
      this.settle = resolve;
      if (this.ended) resolve(undefined);
      this.child.stdin?.write(`${JSON.stringify({ do: what, ...request })}\n`);
    });
    clearTimeout(late);
    this.settle = undefined;
    const { reply, error } = line === undefined ? { reply: undefined, error: this.problem } : JSON.parse(line);
    if (error !== undefined)
      throw new Error(`Expected an answer to \`${what}\` from ${this.program}, got an error:\n${error.trim()}`);
    return reply;
  }

  /** Ends the process. */
  stop(): void {
    this.child.kill("SIGKILL");
  }

  private end(how: string): void {
    this.ended = true;
    this.problem = `${this.problem.trim()}\n(${how})`;
    running.delete(this.child);
    this.settle?.(undefined);
  }
}

/** Our environment without what tells libraries how many threads to use: each engine is told on its own. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const about = /^(OMP_|MKL_|KMP_|GOMP_|TF_NUM_|OPENBLAS_|PYTHONPATH$|PYTHONHOME$)/;
  const rest = Object.entries(process.env).filter(([name]) => !about.test(name));
  const ours = {
    TF_CPP_MIN_LOG_LEVEL: "2",
    CUDA_VISIBLE_DEVICES: "",
    PYTHONNOUSERSITE: "1",
    ORT_DISABLE_TELEMETRY: "1",
  };
  return { ...Object.fromEntries(rest), ...ours };
}
