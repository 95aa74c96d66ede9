// @ts-check
/** What to do when something could not be fetched. */

const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/** @param {NodeJS.ProcessEnv} env */
export const proxies = (env) => names.filter((name) => env[name]);

/**
 * Advice on proxies and mirrors, with the proxies that are set; passwords in them are not shown.
 * @param {NodeJS.ProcessEnv} env
 * @param {"npm" | "pip"} client
 */
export function networkAdvice(env, client) {
  const shown = proxies(env).map((name) => `${name}=${env[name]?.replace(/\/\/[^@/]*@/, "//…@")}`);
  const question = shown.length > 0 ? `is the proxy right (${shown.join(", ")})?` : "is there a proxy, or a mirror?";
  return `Check the network: ${question} ${client}'s own settings apply. Then run the same command again.`;
}
