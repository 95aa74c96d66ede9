import { setTimeout as sleep } from "node:timers/promises";
import { random } from "lenet-lab";

/**
 * Lets everyone work in turn, `rounds` times, each round in another order (the same in every run), so that what the
 * machine does meanwhile meets all alike.
 * @returns by name, what each round gave
 */
export async function alternate<Result>(
  names: readonly string[],
  rounds: number,
  work: (name: string) => Promise<Result>,
): Promise<Record<string, Result[]>> {
  const results: Record<string, Result[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const place of random(round, names.length).shuffle([...names.keys()])) {
      const name = names[place] as string;
      // threads that spin for a while after their work come to rest
      await sleep(20);
      results[name]?.push(await work(name));
    }
  }
  return results;
}
