/** Whether every case is tried, as `npm run test:full` does; otherwise tests of many cases take some of them. */
export const full = process.env.LENET_FULL === "1";

/** What is tried: `all` in `npm run test:full`, `few` in `npm test`. */
export const sample = <T>(all: T, few: T): T => (full ? all : few);
