/** How long to wait for background work, such as operations, mail and scheduled jobs. */
export const waitLimit = { timeout: 60_000, interval: 20 }
