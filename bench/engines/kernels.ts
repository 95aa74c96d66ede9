/** Times every TensorFlow kernel that goes through the backend's two public doors. */

/** By kernel name, such as `Conv2D`. */
export type KernelTimes = Map<string, { calls: number; milliseconds: number }>;

type Execute = (kernel: string, ...rest: unknown[]) => unknown;
type Doors = { executeSingleOutput: Execute; executeMultipleOutputs: Execute };

/** Watches until `release()`; a kernel has ended when its call returns, as tfjs-node runs them one after the other. */
export function watchKernels(backend: unknown): { kernels: KernelTimes; release: () => void } {
  const kernels: KernelTimes = new Map();
  const doors = backend as Doors;
  for (const door of ["executeSingleOutput", "executeMultipleOutputs"] as const) {
    const execute = doors[door].bind(backend);
    doors[door] = (kernel, ...rest) => {
      const began = performance.now();
      const result = execute(kernel, ...rest);
      const row = kernels.get(kernel) ?? { calls: 0, milliseconds: 0 };
      kernels.set(kernel, { calls: row.calls + 1, milliseconds: row.milliseconds + performance.now() - began });
      return result;
    };
  }
  return {
    kernels,
    release: () => {
      // what was put on the object hid the methods of its class
      for (const door of ["executeSingleOutput", "executeMultipleOutputs"] as const)
        Reflect.deleteProperty(doors, door);
    },
  };
}
