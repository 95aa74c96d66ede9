// @ts-check
/** Shows what set-up is doing: one line a step, with its time; a moving clock on a terminal. */
import { log } from "./project.mjs";

/**
 * Runs one step. It returns a few words on what it found or did.
 * @param {import("./project.mjs").Project} project
 * @param {string} name
 * @param {() => Promise<string> | string} work
 */
export async function step(project, name, work) {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const live = Boolean(process.stdout.isTTY);
  const clock = setInterval(
    () => (live ? process.stdout.write(`\r  … ${name} ${seconds()} `) : console.log(`  … ${name} ${seconds()}`)),
    live ? 200 : 15_000,
  );
  const clear = () => {
    clearInterval(clock);
    if (live) process.stdout.write("\r\x1b[K");
  };
  log(project, `\n== ${name}`);
  try {
    const found = await work();
    clear();
    console.log(`  ✓ ${name}: ${found} (${seconds()})`);
  } catch (error) {
    clear();
    console.log(`  ✗ ${name} (${seconds()})`);
    throw error;
  }
}
